using System.Text;
using System.Text.Json;
using TokenLedger.Contracts;

namespace TokenLedger.Tests.Unit.Core;

/// <summary>The quick way to read an event and the general one read the same, or refuse the same.</summary>
public sealed class EventReadingTests
{
    private static readonly ILedgerEvent[] s_events =
    [
        new RequestAdmitted(new("chat"), new(Guid.NewGuid()), new("gold"), new("acme"), 12, 34, "a \"title\" é", 56, new(78, long.MaxValue, 1), 1 / 3.0, new(2026, 3, 1, 12, 0, 0, 123, TimeSpan.Zero), DenialReason.TokensExceeded),
        new RequestAdmitted(new("chat"), new(Guid.NewGuid()), new("gold"), new("acme"), 0, null, null, 0, default, 1E-05, DateTimeOffset.UnixEpoch),
        new ReservationSettled(new("chat"), new(Guid.NewGuid()), new("gold"), 12, 34, new(1, 2, 3), new(4, 5, 6), new(7, 8, 9), 10),
    ];

    private static readonly string[] s_values = ["null", "\"12\"", "12", "-1.5", "1e3", "99999999999999999999", "true", "[]", "{}", "\"\"", "\"é\"", "\"\\u0061\"", "{\"tokens\":1,\"more\":2}", "{\"tokens\":\"1\"}", "\"2026-01-01T00:00:00\""];

    [Fact]
    public void Reads_what_was_written()
    {
        foreach (var written in s_events)
        {
            var json = EventCatalogue.Serialize(written);
            Assert.Equal(written, PoolEventReader.Read(written.GetType(), json));
            Assert.Equal(written, EventCatalogue.Deserialize(EventCatalogue.Of(written.GetType()).WireName, json));
        }
    }

    [Fact]
    public void Reads_and_refuses_as_the_general_way()
    {
        var (read, refused) = (0, 0);
        foreach (var written in s_events)
            foreach (var json in Variants(Encoding.UTF8.GetString(EventCatalogue.Serialize(written))))
            {
                var kind = EventCatalogue.Of(written.GetType());
                var general = Outcome(() => JsonSerializer.Deserialize(json, kind.Json));
                Assert.Equal(general, Outcome(() => EventCatalogue.Deserialize(kind.WireName, Encoding.UTF8.GetBytes(json))));
                if (general is ILedgerEvent) read++;
                else refused++;
            }
        Assert.True(read > 50 && refused > 50, $"{read} were read and {refused} refused: this shows little.");
    }

    /// <summary>Each member with another value, left out, given twice and under another name; and the whole with something before or behind it.</summary>
    private static IEnumerable<string> Variants(string json)
    {
        var members = JsonDocument.Parse(json).RootElement.EnumerateObject().Select(member => (Name: $"\"{member.Name}\"", Value: member.Value.GetRawText())).ToList();
        foreach (var at in Enumerable.Range(0, members.Count))
        {
            foreach (var value in s_values) yield return Text(members.Index().Select(m => m.Index == at ? (m.Item.Name, value) : m.Item));
            yield return Text(members.Where(m => m != members[at]));
            yield return Text(members.Append(members[at]));
            yield return Text(members.Where(m => m != members[at]).Append(members[(at + 1) % members.Count]));
            yield return Text(members.Index().Select(m => m.Index == at ? (m.Item.Name.ToUpperInvariant(), m.Item.Value) : m.Item));
            yield return Text(members.Index().Select(m => m.Index == at ? ("\"new\"", m.Item.Value) : m.Item));
            yield return Text(members.Append(("\"new\"", "[{}]")));
        }
        foreach (var whole in new[] { $" {json} ", $"{json}{json}", $"[{json}]", json[..^1], $"{json},", "", "{}", "null" }) yield return whole;
        yield return Text(Enumerable.Reverse(members));
    }

    private static string Text(IEnumerable<(string Name, string Value)> members) => "{" + string.Join(", ", members.Select(member => $"{member.Name}: {member.Value}")) + "}";

    private static object? Outcome(Func<object?> read)
    {
        try
        {
            return read() ?? "refused";
        }
        catch (JsonException)
        {
            return "refused";
        }
    }
}
