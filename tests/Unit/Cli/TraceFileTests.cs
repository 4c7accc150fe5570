using TokenLedger.Cli;
using TokenLedger.Cli.Traces;

namespace TokenLedger.Tests.Unit.Cli;

public sealed class TraceFileTests
{
    private const string Header = "TIMESTAMP,ContextTokens,GeneratedTokens";
    private static readonly string[] s_rows = ["2023-11-16 18:17:03.9799600,4808,10", "2023-11-16 18:17:04.0319600,3180,8"];

    [Theory]
    [InlineData("\n", "")]
    [InlineData("\r\n", "")]
    [InlineData("\n", "\n\n")]
    [InlineData("\r\n", "\r\n\r\n")]
    public void Reads_csv_with_either_line_end_and_blank_lines_at_the_end(string lineEnd, string tail)
    {
        var file = TraceFile.Read("t.csv", new StringReader(string.Join(lineEnd, [Header, .. s_rows]) + tail));
        Assert.Equal(TraceFormat.Csv, file.Format);
        Assert.Equal([(1, 4808, 10), (2, 3180, 8)], file.Rows.Select(row => (row.Row, row.InputTokens, row.OutputTokens)));
        Assert.Equal(TimeSpan.FromTicks(520_000), file.Rows[1].Arrival - file.Rows[0].Arrival);
    }

    [Fact]
    public void Reads_json_lines_and_passes_over_other_fields()
    {
        var file = TraceFile.Read("t.jsonl", new StringReader("""
            {"timestamp": 0, "input_length": 6955, "output_length": 52, "hash_ids": [1, 2]}
            {"timestamp": 27.5, "input_length": 1, "output_length": 0}
            """));
        Assert.Equal(
            [new("t.jsonl", 1, TimeSpan.Zero, 6955, 52), new TraceRow("t.jsonl", 2, TimeSpan.FromMilliseconds(27.5), 1, 0)], file.Rows);
    }

    [Theory]
    [InlineData("2023-11-16 18:17:03.97,1", "2 fields instead of 3")]
    [InlineData("2023-11-16 18:17:03.97,1,2,3", "4 fields instead of 3")]
    [InlineData("yesterday,1,2", "'yesterday' is not a time such as 2023-11-16 18:17:03.9799600")]
    [InlineData("2023-11-16 18:17:03.97,-1,2", "ContextTokens is '-1' and not a whole number from 0 to 2147483647")]
    [InlineData("2023-11-16 18:17:03.97,1,2.5", "GeneratedTokens is '2.5' and not a whole number from 0 to 2147483647")]
    [InlineData("2023-11-16 18:17:03.97,NaN,2", "ContextTokens is 'NaN' and not a whole number from 0 to 2147483647")]
    [InlineData("2023-11-16 18:17:03.97,99999999999999999999,2", "ContextTokens is '99999999999999999999' and not a whole number from 0 to 2147483647")]
    public void Names_file_line_and_reason_of_a_malformed_csv_row(string row, string reason) =>
        AssertRefused($"{Header}\n{s_rows[0]}\n{row}\n", $"t, line 3: {reason}.");

    [Theory]
    [InlineData("""{"input_length": 1, "output_length": 1}""", "timestamp is missing")]
    [InlineData("""{"timestamp": -1, "input_length": 1, "output_length": 1}""", "timestamp is -1 and not milliseconds from 0 to 100000000000000")]
    [InlineData("""{"timestamp": 1, "input_length": "1", "output_length": 1}""", "input_length is \"1\" and not a number")]
    [InlineData("""{"timestamp": 1, "input_length": 1, "output_length": 1.5}""", "output_length is '1.5' and not a whole number from 0 to 2147483647")]
    [InlineData("[1]", "not a JSON object")]
    public void Names_file_line_and_reason_of_a_malformed_json_row(string row, string reason) =>
        AssertRefused("""{"timestamp": 0, "input_length": 1, "output_length": 1}""" + "\n" + row, $"t, line 2: {reason}.");

    [Fact]
    public void Refuses_a_broken_json_row() =>
        Assert.StartsWith("t, line 1: not JSON", Assert.Throws<CommandFailure>(() => TraceFile.Read("t", new StringReader("{\"timestamp\": "))).Message);

    [Theory]
    [InlineData("", "t holds no requests.")]
    [InlineData(Header + "\n\n", "t holds no requests.")]
    [InlineData("time,in,out\n1,2,3", "t, line 1: neither the header 'TIMESTAMP,ContextTokens,GeneratedTokens' nor a JSON object.")]
    public void Refuses_what_is_not_a_trace(string text, string message) => AssertRefused(text, message);

    private static void AssertRefused(string text, string message)
    {
        var failure = Assert.Throws<CommandFailure>(() => TraceFile.Read("t", new StringReader(text)));
        Assert.Equal((message, CommandFailure.BadUsageCode), (failure.Message, failure.ExitCode));
    }
}
