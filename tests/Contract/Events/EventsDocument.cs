using System.Text;
using System.Text.Json;
using TokenLedger.Contracts;

namespace TokenLedger.Tests.Contract;

/// <summary>Writes docs/events.md from the catalogue, the comments of the contracts and the verified examples.</summary>
internal static class EventsDocument
{
    private const string Head = """
        # Events

        Every fact the ledger holds, as it is recorded and as it travels on the bus. Generated from the event catalogue; a test compares. To write it anew:

            TOKENLEDGER_ACCEPT=1 dotnet run --project tests/Contract

        A recorded event has a `position` in the whole ledger and a `version` in its `stream` (both dense, from 1), a unique `id`, its `type` (the wire name), a `timestamp`,
        its `data`, and a `correlationId` and `causationId` where known. On the bus, events of one type travel together as `EventBatch` (`previous`, `through`, `events`).

        Times are RFC 3339 in UTC and end with `Z`, amounts are integers, words are in kebab-case. An absent field is left out, never null. Readers ignore fields that they
        do not know: later versions add some. A field that changes its meaning makes a new version of the event, and the old one stays readable.
        """;

    public static string Write()
    {
        var text = new StringBuilder(Head).Append("\n\n");
        foreach (var stream in EventCatalogue.Kinds.GroupBy(kind => (kind.Stream, kind.Writer))) WriteStream(text, stream.Key.Stream, stream.Key.Writer, [.. stream]);
        text.Append("## Shapes\n\nRecords inside events.\n\n");
        foreach (var shape in EventFields.Shapes) WriteFields(text.Append($"### {shape.Name}\n\n{XmlComments.Summary(shape)}\n\n"), shape, EventFields.Of(shape));
        text.Append("## Words\n\n| type | words | meaning |\n|---|---|---|\n");
        foreach (var words in EventFields.Words)
            text.Append($"| {words.Name} | {string.Join(", ", Enum.GetNames(words).Select(name => $"`{JsonNamingPolicy.KebabCaseLower.ConvertName(name)}`"))} | {XmlComments.Summary(words)} |\n");
        return text.ToString();
    }

    private static void WriteStream(StringBuilder text, string stream, string writer, IReadOnlyList<EventKind> kinds)
    {
        text.Append($"## `{stream}`\n\nWritten by {writer} only.\n\n| event | meaning |\n|---|---|\n");
        foreach (var kind in kinds) text.Append($"| [`{kind.WireName}`](#{Anchor(kind)}) | {kind.Meaning} |\n");
        text.Append('\n');
        foreach (var kind in kinds)
        {
            WriteFields(text.Append($"### {kind.WireName}\n\n{Comment(kind)}"), kind.Type, EventFields.Of(kind));
            text.Append($"```json\n{Example(kind)}\n```\n\n");
        }
    }

    private static void WriteFields(StringBuilder text, Type type, IReadOnlyList<EventField> fields)
    {
        text.Append("| field | type | meaning |\n|---|---|---|\n");
        foreach (var field in fields)
            text.Append($"| `{field.Name}` | {TypeName(field.Type)}{(field.IsOptional ? ", optional" : "")} | {XmlComments.Parameter(type, field.Parameter)} |\n");
        text.Append('\n');
    }

    private static string Comment(EventKind kind) => XmlComments.Summary(kind.Type) is { Length: > 0 } summary ? summary + "\n\n" : kind.Meaning + "\n\n";

    private static string TypeName(Type type) => EventFields.Item(type) is { } item ? "list of " + TypeName(item) : EventFields.Bare(type) switch
    {
        var bare when bare == typeof(string) => "string",
        var bare when bare == typeof(bool) => "boolean",
        var bare when bare == typeof(double) => "number",
        var bare when bare == typeof(DateTimeOffset) => "time",
        var bare when bare == typeof(RequestId) => "UUID",
        var bare when bare == typeof(int) || bare == typeof(long) || bare == typeof(Int128) => "integer",
        var bare when EventFields.IsId(bare) => "name",
        { IsEnum: true } words => $"[{words.Name}](#words)",
        var shape when EventFields.Shapes.Contains(shape) => $"[{shape.Name}](#{shape.Name.ToLowerInvariant()})",
        var other => throw new NotSupportedException($"How is a {other} written? Say it here."),
    };

    /// <summary>The example as <see cref="EventSnapshotTests"/> verifies it.</summary>
    private static string Example(EventKind kind) => Snapshot.Readable(EventCatalogue.Serialize(EventExamples.FullOf(kind.WireName)));

    /// <summary>How Markdown viewers name a heading: without dots.</summary>
    private static string Anchor(EventKind kind) => kind.WireName.Replace(".", "", StringComparison.Ordinal);
}
