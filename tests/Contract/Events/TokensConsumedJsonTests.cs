using System.Text.Json;
using System.Text.Json.Nodes;
using TokenLedger.Contracts;

namespace TokenLedger.Tests.Contract;

/// <summary>Usage has a converter of its own, which reads and writes what the general one does.</summary>
public sealed class TokensConsumedJsonTests
{
    private const string Name = "tokens-consumed.v1";
    private static readonly JsonSerializerOptions s_own = EventCatalogue.Kinds[0].Json.Options;

    public static TheoryData<TokensConsumed> Examples => [(TokensConsumed)EventExamples.FullOf(Name), (TokensConsumed)EventExamples.SparseOf(Name)];

    public static TheoryData<string> Members => [.. Full().Select(member => member.Key)];

    [Theory]
    [MemberData(nameof(Examples), DisableDiscoveryEnumeration = true)]
    public void Is_written_as_in_the_general_way(TokensConsumed usage)
    {
        var text = JsonSerializer.Serialize(usage, s_own);
        Assert.Equal(JsonSerializer.Serialize(usage, EventFields.General), text);
        Assert.Equal(usage, JsonSerializer.Deserialize<TokensConsumed>(text, s_own));
    }

    [Fact]
    public void Is_read_in_any_order_with_members_unknown_and_names_escaped()
    {
        var json = new JsonObject(Full().Reverse().Select(member => KeyValuePair.Create(member.Key, member.Value?.DeepClone())).Append(new("later", new JsonObject { ["pool"] = 1 })));
        var text = json.ToJsonString().Replace("\"inputTokens\"", "\"input\\u0054okens\"", StringComparison.Ordinal);
        Assert.Equal(EventExamples.FullOf(Name), JsonSerializer.Deserialize<TokensConsumed>(text, s_own));
    }

    [Theory]
    [MemberData(nameof(Members))]
    public void Is_read_without_a_member_as_in_the_general_way(string member)
    {
        var json = Full();
        json.Remove(member);
        Assert.Equal(Read(json, EventFields.General), Read(json, s_own));
    }

    [Theory]
    [MemberData(nameof(Members))]
    public void Takes_and_refuses_null_and_other_shapes_as_the_general_way_does(string member)
    {
        foreach (var value in new JsonNode?[] { null, new JsonArray(), new JsonObject(), 1.5, "", true })
        {
            var json = Full();
            json[member] = value;
            Assert.Equal(ReadOrRefuse(json, EventFields.General), ReadOrRefuse(json, s_own));
        }
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("7")]
    [InlineData("""{"source":"a""")]
    public void Refuses_what_is_no_whole_object(string json)
    {
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<TokensConsumed>(json, EventFields.General));
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<TokensConsumed>(json, s_own));
    }

    private static JsonObject Full() => JsonNode.Parse(EventCatalogue.Serialize(EventExamples.FullOf(Name)))!.AsObject();

    private static TokensConsumed? Read(JsonObject json, JsonSerializerOptions options) => json.Deserialize<TokensConsumed>(options);

    private static (bool Refused, TokensConsumed? Usage) ReadOrRefuse(JsonObject json, JsonSerializerOptions options)
    {
        try
        {
            return (false, Read(json, options));
        }
        catch (JsonException)
        {
            return (true, null);
        }
    }
}
