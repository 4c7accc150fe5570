using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;

namespace TokenLedger.Tests.Contract;

/// <summary>Details of the JSON that clients come to rely on.</summary>
public sealed class JsonDetailTests
{
    [Theory]
    [InlineData("2026-03-01T12:00:00+00:00", "2026-03-01T12:00:00Z")]
    [InlineData("2026-03-01T12:00:00+02:00", "2026-03-01T10:00:00Z")]
    [InlineData("2026-03-01T00:30:00-05:30", "2026-03-01T06:00:00Z")]
    [InlineData("2026-03-01T12:00:00.1230000Z", "2026-03-01T12:00:00.123Z")]
    [InlineData("2026-03-01T12:00:00.0000001Z", "2026-03-01T12:00:00.0000001Z")]
    public void Writes_times_in_UTC_with_a_Z(string time, string written)
    {
        var renewed = new ReservationRenewed(EventExamples.Pool, EventExamples.Request, EventExamples.Gold, DateTimeOffset.Parse(time, null));
        Assert.Equal(written, (string?)Parse(EventCatalogue.Serialize(renewed))["expiresAt"]);
        var view = new ReservationView(EventExamples.Request, EventExamples.Pool, EventExamples.Gold, default, renewed.ExpiresAt, 1);
        Assert.Equal(written, (string?)Parse(JsonSerializer.SerializeToUtf8Bytes(view, HttpJson.Default.ReservationView))["expiresAt"]);
    }

    [Fact]
    public void Writes_enums_as_words_in_kebab_case()
    {
        Assert.Equal(["dedicated", "guaranteed", "elastic", "spot", "preemptible"], WordsOf<ServiceClass>());
        Assert.Equal(["pending", "bound", "degraded", "expired", "revoked"], WordsOf<EntitlementState>());
        Assert.Equal(["completed", "aborted", "failed"], WordsOf<Outcome>());
        Assert.Equal(["operator", "finance", "auditor", "gateway", "autoscaler"], WordsOf<Role>());
        Assert.Equal(
            [
                "entitlement-unknown", "entitlement-not-bound", "never-fits", "concurrency-exceeded", "tokens-exceeded", "kv-exceeded",
                "pool-exhausted", "low-priority", "no-capacity", "wait-expired", "budget-exhausted",
            ], WordsOf<DenialReason>());
    }

    [Fact]
    public void Writes_the_largest_amounts_as_integers()
    {
        var released = new ReservationReleased(EventExamples.Pool, EventExamples.Request, EventExamples.Gold, new(long.MaxValue, long.MaxValue, int.MaxValue));
        var json = EventCatalogue.Serialize(released);
        Assert.Contains("\"returned\":{\"tokens\":9223372036854775807,\"kvCacheBytes\":9223372036854775807,\"sequences\":2147483647}", Encoding.UTF8.GetString(json), StringComparison.Ordinal);
        Assert.Equal(released, EventCatalogue.Deserialize("reservation-released.v1", json));
    }

    [Fact]
    public void Gives_resources_and_capacities_exactly_three_fields()
    {
        Assert.Equal(["tokens", "kvCacheBytes", "sequences"], EventFields.Of(typeof(Resources)).Select(field => field.Name));
        Assert.Equal(["tokensPerSecond", "kvCacheBytes", "sequences"], EventFields.Of(typeof(Capacity)).Select(field => field.Name));
        Assert.Equal(3, Parse(EventCatalogue.Serialize(EventExamples.FullOf("reservation-expired.v1")))["expired"]!.AsObject().Count);
    }

    [Fact]
    public void Writes_no_null_anywhere() =>
        Assert.All(EventExamples.Full.Concat(EventExamples.Sparse), data => Assert.DoesNotContain("null", Encoding.UTF8.GetString(EventCatalogue.Serialize(data)), StringComparison.Ordinal));

    [Theory]
    [InlineData("\"1024\"")]
    [InlineData("1024.5")]
    [InlineData("1e30")]
    [InlineData("9223372036854775808")]
    [InlineData("NaN")]
    [InlineData("\"NaN\"")]
    [InlineData("true")]
    [InlineData("[]")]
    [InlineData("01")]
    public void Refuses_an_amount_that_is_not_an_integer(string amount) =>
        Assert.ThrowsAny<JsonException>(() => JsonSerializer.Deserialize($$"""{"inputTokens":{{amount}}}""", HttpJson.Default.PostAdmission));

    [Theory]
    [InlineData("0")]
    [InlineData("\"0\"")]
    [InlineData("\"best\"")]
    public void Refuses_a_word_that_it_does_not_know(string word) =>
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize($$"""{"serviceClass":{{word}}}""", HttpJson.Default.PutEntitlement));

    private static IEnumerable<string?> WordsOf<TEnum>() where TEnum : struct, Enum
    {
        var json = EventCatalogue.Kinds[0].Json.Options.GetTypeInfo(typeof(TEnum));
        Assert.All(Enum.GetValues<TEnum>(), value => Assert.Equal(value, JsonSerializer.Deserialize(JsonSerializer.Serialize(value, json), json)));
        return Enum.GetValues<TEnum>().Select(value => (string?)JsonSerializer.SerializeToNode(value, json));
    }

    private static JsonObject Parse(byte[] json) => JsonNode.Parse(json)!.AsObject();
}
