using System.Text.Json;
using TokenLedger.Contracts;

namespace TokenLedger.Tests.Contract;

/// <summary>Amounts have a converter of their own, which reads and writes what the general one does.</summary>
public sealed class ResourcesJsonTests
{
    private static readonly JsonSerializerOptions s_own = EventCatalogue.Kinds[0].Json.Options;

    public static TheoryData<long, long, int> Amounts => new()
    {
        { 0, 0, 0 }, { 1, 2, 3 }, { long.MaxValue, long.MinValue, int.MaxValue }, { -1, long.MaxValue, int.MinValue },
    };

    [Theory]
    [MemberData(nameof(Amounts))]
    public void Are_written_as_in_the_general_way(long tokens, long kvCacheBytes, int sequences)
    {
        var amounts = new Resources(tokens, kvCacheBytes, sequences);
        var text = JsonSerializer.Serialize(amounts, s_own);
        Assert.Equal(JsonSerializer.Serialize(amounts, EventFields.General), text);
        Assert.Equal(amounts, JsonSerializer.Deserialize<Resources>(text, s_own));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"sequences":1,"tokens":7}""")]
    [InlineData("""{ "kvCacheBytes" : 5, "later": {"tokens":[1]}, "tokens" : 1, "tokens" : 2 }""")]
    [InlineData("""{"t\u006fkens":3}""")]
    public void Are_read_as_in_the_general_way(string json) =>
        Assert.Equal(JsonSerializer.Deserialize<Resources>(json, EventFields.General), JsonSerializer.Deserialize<Resources>(json, s_own));

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("7")]
    [InlineData("""{"tokens":1.5}""")]
    [InlineData("""{"tokens":null}""")]
    [InlineData("""{"sequences":2147483648}""")]
    [InlineData("""{"kvCacheBytes":{}}""")]
    [InlineData("""{"tokens":1""")]
    public void Are_refused_as_in_the_general_way(string json)
    {
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<Resources>(json, EventFields.General));
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<Resources>(json, s_own));
    }
}
