using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using TokenLedger.Contracts;

namespace TokenLedger.Tests.Contract;

/// <summary>The JSON of every event, as it lies in ledgers that must stay readable for ever.</summary>
public sealed class EventSnapshotTests
{
    public static TheoryData<string> Kinds => [.. EventCatalogue.Kinds.Select(kind => kind.WireName)];

    public static TheoryData<string> KindsWithOptionalFields => [.. EventCatalogue.Kinds.Where(EventFields.HasOptional).Select(kind => kind.WireName)];

    [Theory, MemberData(nameof(Kinds))]
    public void Writes_every_field(string kind) => Snapshot.Json(EventCatalogue.Serialize(EventExamples.FullOf(kind)), kind);

    [Theory, MemberData(nameof(KindsWithOptionalFields))]
    public void Leaves_absent_fields_out(string kind) => Snapshot.Json(EventCatalogue.Serialize(EventExamples.SparseOf(kind)), kind);

    [Fact]
    public void Has_an_example_of_every_kind()
    {
        Assert.Equal(EventCatalogue.Kinds.Select(kind => kind.WireName), EventExamples.Full.Select(EventExamples.NameOf));
        Assert.Equal(EventCatalogue.Kinds.Where(EventFields.HasOptional).Select(kind => kind.WireName), EventExamples.Sparse.Select(EventExamples.NameOf));
    }

    [Fact]
    public void Shows_every_field_of_a_kind_in_its_example() =>
        Assert.All(EventCatalogue.Kinds, kind => Assert.Equal(EventFields.Of(kind).Select(field => field.Name), Fields(EventExamples.FullOf(kind.WireName)).Select(field => field.Key)));

    [Fact]
    public void Still_writes_every_event_that_was_ever_verified()
    {
        var verified = Directory.EnumerateFiles(Path.GetDirectoryName(Here())!, $"*.{nameof(Writes_every_field)}_*.verified.json")
            .Select(file => Path.GetFileName(file).Split(nameof(Writes_every_field) + "_")[1].Replace(".verified.json", "", StringComparison.Ordinal));
        Assert.Equal(EventCatalogue.Kinds.Select(kind => kind.WireName).Order(StringComparer.Ordinal), verified.Order(StringComparer.Ordinal));
    }

    [Theory, MemberData(nameof(Kinds))]
    public void Reads_back_what_it_wrote(string kind) =>
        Assert.All(EventExamples.Full.Concat(EventExamples.Sparse).Where(data => EventExamples.NameOf(data) == kind), data =>
        {
            var json = EventCatalogue.Serialize(data);
            var read = EventCatalogue.Deserialize(kind, json);
            Assert.Equivalent(data, read, strict: true);
            Assert.Equal(Encoding.UTF8.GetString(json), Encoding.UTF8.GetString(EventCatalogue.Serialize(read)));
        });

    [Theory, MemberData(nameof(Kinds))]
    public void Ignores_a_field_that_a_later_version_added(string kind)
    {
        var data = EventExamples.FullOf(kind);
        var later = Fields(data);
        later["addedLater"] = new JsonObject { ["by"] = "a later version" };
        Assert.Equivalent(data, EventCatalogue.Deserialize(kind, JsonSerializer.SerializeToUtf8Bytes(later)), strict: true);
    }

    [Theory, MemberData(nameof(Kinds))]
    public void Refuses_a_field_of_the_wrong_type(string kind)
    {
        var wrong = Fields(EventExamples.FullOf(kind));
        Assert.All(wrong.Select(field => field.Key).ToArray(), field =>
        {
            var broken = wrong.DeepClone().AsObject();
            broken[field] = new JsonArray(new JsonArray());
            Assert.Throws<JsonException>(() => EventCatalogue.Deserialize(kind, JsonSerializer.SerializeToUtf8Bytes(broken)));
        });
    }

    [Theory, MemberData(nameof(Kinds))]
    public void Refuses_half_an_event(string kind)
    {
        var json = EventCatalogue.Serialize(EventExamples.FullOf(kind));
        Assert.ThrowsAny<JsonException>(() => EventCatalogue.Deserialize(kind, json.AsSpan(..(json.Length / 2))));
    }

    [Theory]
    [InlineData("request-admitted.v2")]
    [InlineData("request-admitted")]
    [InlineData("Request-Admitted.v1")]
    [InlineData("")]
    public void Refuses_an_event_that_it_does_not_know(string kind) =>
        Assert.Contains($"'{kind}'", Assert.Throws<JsonException>(() => EventCatalogue.Deserialize(kind, "{}"u8)).Message, StringComparison.Ordinal);

    private static JsonObject Fields(ILedgerEvent data) => JsonNode.Parse(EventCatalogue.Serialize(data))!.AsObject();

    private static string Here([CallerFilePath] string file = "") => file;
}
