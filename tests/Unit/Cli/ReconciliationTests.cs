using TokenLedger.Cli;
using TokenLedger.Cli.Reconcile;
using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;

namespace TokenLedger.Tests.Unit.Cli;

public sealed class ReconciliationTests
{
    private const string A = "00000000-0000-4000-8000-00000000000a", B = "00000000-0000-4000-8000-00000000000b", C = "00000000-0000-4000-8000-00000000000c";

    [Theory]
    [InlineData("requestId,inputTokens,outputTokens")]
    [InlineData("Request ID,Prompt Tokens,Completion Tokens")]
    [InlineData("request_id,context_tokens,generated_tokens")]
    [InlineData("\"request-id\",\"input_tokens\",\"output_tokens\"")]
    public void Knows_the_columns_however_they_are_written(string header)
    {
        var result = Compare($"{header}\r\n{A},10,3\r\n\r\n\"{B}\", 20 ,4\r\n", Entry(A, 10, 3), Entry(B, 20, 4));
        Assert.Empty(result.Differences);
        Assert.Equal((2, new Counts(30, 0, 7, 0)), (result.File.Requests, result.File.Tokens));
    }

    [Fact]
    public void Lists_what_is_missing_extra_and_different()
    {
        var result = Compare($"requestId,inputTokens,outputTokens,costUsd\n{A},10,3,1.5\n{B},20,4,2\n", Entry(A, 10, 5), Entry(C, 7, 1));
        Assert.Equal(
            [new(RequestId.Parse(A), new(10, 0, 3, 0), new(10, 0, 5, 0)), new(RequestId.Parse(B), new(20, 0, 4, 0), null), new Difference(RequestId.Parse(C), null, new(7, 0, 1, 0))],
            result.Differences.OrderBy(difference => difference.Request.ToString(), StringComparer.Ordinal));
        Assert.Equal(["different", "missing", "extra"], result.Differences.OrderBy(difference => difference.Request.ToString(), StringComparer.Ordinal).Select(difference => difference.Kind));
    }

    [Fact]
    public void Sums_up_rows_and_corrections_of_a_request()
    {
        var result = Compare($"requestId,outputTokens\n{A},3\n{A},4\n", Entry(A, 10, 9), Entry(A, 0, -2), Entry(B, 5, 5), Entry(B, 5, -5));
        Assert.Empty(result.Differences);
        Assert.Equal([false, false, true, false], result.Kinds);
    }

    [Fact]
    public void Takes_a_row_without_tokens_for_missing() => Assert.Equal("missing", Assert.Single(Compare($"requestId,outputTokens\n{A},0\n").Differences).Kind);

    [Theory]
    [InlineData("", "f is empty.")]
    [InlineData("id,outputTokens\n", "f has no column requestId.")]
    [InlineData("requestId,cost\n", "f has no column of tokens, such as inputTokens or outputTokens.")]
    [InlineData("requestId,inputTokens,promptTokens\n", "f has more than one column that could be inputtokens.")]
    [InlineData("requestId,outputTokens\n7,1\n", "f, line 2: '7' is no request id: it must be a UUID, such as 0f8fad5b-d9cb-469f-a165-70867728950e.")]
    [InlineData("requestId,outputTokens\n" + A + ",-1\n", "f, line 2: outputTokens is '-1' and not a whole number from 0 to 1000000000000.")]
    [InlineData("requestId,outputTokens\n" + A + "\n", "f, line 2: outputTokens is '' and not a whole number from 0 to 1000000000000.")]
    [InlineData("requestId,outputTokens\n" + A + ",1\n" + A + ",1.5\n", "f, line 3: outputTokens is '1.5' and not a whole number from 0 to 1000000000000.")]
    public void Names_file_line_and_reason_of_what_it_cannot_read(string file, string reason)
    {
        var failure = Assert.Throws<CommandFailure>(() => Compare(file));
        Assert.Equal((CommandFailure.BadUsageCode, reason), (failure.ExitCode, failure.Message));
    }

    private static Reconciliation Compare(string file, params UsageEntry[] entries)
    {
        var result = new Reconciliation();
        result.TakeFile("f", new StringReader(file));
        foreach (var entry in entries) result.Take(entry);
        return result;
    }

    private static UsageEntry Entry(string request, long input, long output) => new(
        1, RequestId.Parse(request), "s", "e", null, null, null, null, true, Outcome.Completed, input, 0, output, 0, 0, DateTimeOffset.UnixEpoch);
}
