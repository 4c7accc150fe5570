using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using TokenLedger.Contracts;

namespace TokenLedger.Tests.Contract;

/// <summary>docs/marten.md gives lines to copy, so they must be those of today's catalogue.</summary>
public sealed partial class MartenDocumentTests
{
    private static readonly string s_document = File.ReadAllText(Repository.PathOf("docs/marten.md"));

    public static TheoryData<string> Kinds => [.. EventCatalogue.Kinds.Select(kind => kind.WireName)];

    [Fact]
    public void Maps_every_event_type_to_its_wire_name_and_no_other() =>
        Assert.Equal(
            EventCatalogue.Kinds.Select(kind => $"""opts.Events.MapEventType<{kind.Type.Name}>("{kind.WireName}");"""),
            Mapping().Matches(s_document).Select(line => line.Value));

    /// <summary>Marten reads by reflection and by these options, not by our generated context.</summary>
    [Theory, MemberData(nameof(Kinds))]
    public void Gives_a_serializer_that_reads_the_event_as_it_is_recorded(string kind)
    {
        var options = Documented();
        Assert.All(EventExamples.Full.Concat(EventExamples.Sparse).Where(data => EventExamples.NameOf(data) == kind), data =>
        {
            var recorded = EventCatalogue.Serialize(data);
            var read = JsonSerializer.Deserialize(recorded, data.GetType(), options);
            Assert.Equal(Encoding.UTF8.GetString(recorded), Encoding.UTF8.GetString(EventCatalogue.Serialize((ILedgerEvent)read!)));
        });
    }

    /// <summary>What UseSystemTextJsonForSerialization makes of the documented arguments.</summary>
    private static JsonSerializerOptions Documented()
    {
        Assert.Contains("casing: Casing.CamelCase", s_document, StringComparison.Ordinal);
        var options = new JsonSerializerOptions { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };
        foreach (var name in Converter().Matches(s_document).Select(line => line.Groups[1].Value)) options.Converters.Add(Create(name));
        return options;
    }

    private static JsonConverter Create(string name)
    {
        var contracts = typeof(ILedgerEvent).Assembly;
        var type = Word().Match(name) is { Success: true } word
            ? typeof(WordConverter<>).MakeGenericType(contracts.GetType("TokenLedger.Contracts." + word.Groups[1].Value, throwOnError: true)!)
            : contracts.GetType("TokenLedger.Contracts." + name, throwOnError: true)!;
        return (JsonConverter)Activator.CreateInstance(type)!;
    }

    [GeneratedRegex("""opts\.Events\.MapEventType<\w+>\("[^"]*"\);""")]
    private static partial Regex Mapping();

    [GeneratedRegex(@"json\.Converters\.Add\(new ([\w<>]+)\(\)\);")]
    private static partial Regex Converter();

    [GeneratedRegex(@"^WordConverter<(\w+)>$")]
    private static partial Regex Word();
}
