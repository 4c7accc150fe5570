using System.Text;
using TokenLedger.Cli.Verify;
using TokenLedger.Ledger.Sealing;

namespace TokenLedger.Tests.Unit.Sealing;

/// <summary>Events as the API writes them, read as fields.</summary>
public sealed class EventLineTests
{
    private const string Line = """
        {"position":7,"stream":"pool-\u00e9","version":3,"id":"0f8fad5b-d9cb-469f-a165-70867728950e","type":"t.v1","timestamp":"2026-03-01T13:00:00.00001+01:00","data":{"b": 1.0, "a": [] },"correlationId":"c\"","causationId":null,"later":{"x":[1]}}
        """;

    [Fact]
    public void Reads_a_line_in_any_form() => Assert.Equal(
        """{"correlationId":"c\"","data":{"a":[],"b":1},"id":"0f8fad5b-d9cb-469f-a165-70867728950e","position":7,"stream":"pool-é","timestamp":"2026-03-01T12:00:00.000010Z","type":"t.v1","version":3}""",
        Encoding.UTF8.GetString(new EventSeal().Canonical(EventLine.Read(Encoding.UTF8.GetBytes(Line)))));

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{")]
    [InlineData("\"position\"", "\"place\"")]
    [InlineData("7", "\"7\"")]
    [InlineData("7", "7.5")]
    [InlineData("7", "99999999999999999999")]
    [InlineData("\"t.v1\"", "null")]
    [InlineData("\"t.v1\"", "\"\\ud800\"")]
    [InlineData("0f8fad5b", "0f8fad5")]
    [InlineData("00.00001+", "00.0000001+")]
    [InlineData("2026-03", "2026-13")]
    [InlineData("[1]}}", "[1]}")]
    [InlineData("[1]}}", "[1]}} {}")]
    public void Refuses_what_is_no_event(string what, string? by = null) =>
        Assert.Throws<CanonicalFormException>(() => _ = EventLine.Read(Encoding.UTF8.GetBytes(by is null ? what : Line.Replace(what, by, StringComparison.Ordinal))).Position);

    [Fact]
    public async Task Reads_lines_whatever_their_length_and_their_last_end()
    {
        string[] lines = [new('a', 700_000), "b", new('c', 300_000), "d"];
        await using var reader = new LineReader(new MemoryStream(Encoding.UTF8.GetBytes(string.Join("\n", lines).Replace("b\n", "b\n\n\n", StringComparison.Ordinal))));
        List<string> read = [];
        do
        {
            while (reader.TryRead(out var line)) read.Add(Encoding.UTF8.GetString(line));
        }
        while (await reader.FillAsync(TestContext.Current.CancellationToken));
        Assert.Equal(lines, read);
    }
}
