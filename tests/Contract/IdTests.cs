using System.Text.Json;
using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;

namespace TokenLedger.Tests.Contract;

/// <summary>Names stand in addresses, stream ids, labels and files: nothing that means something there gets in.</summary>
public sealed class IdTests
{
    public static TheoryData<string> GoodNames => ["a", "Z", "0", "chat-prod.eu_1", "A.B-C_d", new string('x', Names.MaxLength)];

    public static TheoryData<string> OddNames =>
    [
        "", " ", "a b", " a", "a ", "a/b", "a\\b", "../a", ".a", "-a", "_a", "a\n", "a\nb", "a\r", "a\tb", "a\0b", "\u0001", "a\u007f", "a\u0085b", "a\u200bb", "\ufeffa",
        "é", "naïve", "pool\u00a0x", "١", "Ａ", "кот", "🚀", "a🚀", "\ud800", "a:b", "a;b", "a,b", "a%2fb", "a?b", "a#b", "a'b", "a\"b", "a{b}", "a*", "a@b", "a+b", "a=b", "a|b", "<a>",
        new string('x', Names.MaxLength + 1),
    ];

    public static TheoryData<string> OddRequestIds =>
    [
        "", "1", "0f8fad5bd9cb469fa16570867728950e", "{0f8fad5b-d9cb-469f-a165-70867728950e}", "(0f8fad5b-d9cb-469f-a165-70867728950e)",
        "00000000-0000-0000-0000-000000000000", "0f8fad5b-d9cb-469f-a165-70867728950", "0f8fad5b-d9cb-469f-a165-70867728950g", "0f8fad5b-d9cb-469f-a165-70867728950e0",
        "urn:uuid:0f8fad5b-d9cb-469f-a165-70867728950e", "0f8fad5b_d9cb_469f_a165_70867728950e",
    ];

    [Theory, MemberData(nameof(GoodNames))]
    public void Takes_a_name_and_gives_it_back(string name)
    {
        AssertTakes<PoolId>(name);
        AssertTakes<EntitlementId>(name);
        AssertTakes<TenantId>(name);
        AssertTakes<KeyId>(name);
    }

    [Theory, MemberData(nameof(OddNames))]
    public void Refuses_an_odd_name(string name)
    {
        AssertRefuses<PoolId>(name);
        AssertRefuses<EntitlementId>(name);
        AssertRefuses<TenantId>(name);
        AssertRefuses<KeyId>(name);
    }

    [Theory, MemberData(nameof(OddRequestIds))]
    public void Refuses_an_odd_request_id(string id) => AssertRefuses<RequestId>(id);

    [Fact]
    public void Writes_a_request_id_in_lower_case() =>
        Assert.Equal("0f8fad5b-d9cb-469f-a165-70867728950e", RequestId.Parse("0F8FAD5B-D9CB-469F-A165-70867728950E").ToString());

    [Theory]
    [InlineData("""{"requestId":"no uuid"}""", "must be a UUID")]
    [InlineData("""{"requestId":7}""", "must be a UUID")]
    [InlineData("""{"requestId":{}}""", "must be a UUID")]
    public void Tells_the_rule_that_an_id_in_a_body_breaks(string body, string rule) =>
        Assert.Contains(rule, Assert.Throws<JsonException>(() => JsonSerializer.Deserialize(body, HttpJson.Default.PostAdmission)).Message, StringComparison.Ordinal);

    private static void AssertTakes<TId>(string text) where TId : struct, IId<TId>
    {
        Assert.Equal(text, TId.Parse(text, null).ToString());
        Assert.Equal(text, ReadJson<TId>(text).ToString());
    }

    private static void AssertRefuses<TId>(string text) where TId : struct, IId<TId>
    {
        Assert.False(TId.TryParse(text, null, out _));
        Assert.Contains(TId.Rule, Assert.Throws<FormatException>(() => TId.Parse(text, null)).Message, StringComparison.Ordinal);
        Assert.Throws<JsonException>(() => ReadJson<TId>(text));
    }

    private static TId ReadJson<TId>(string text) where TId : struct, IId<TId> => JsonSerializer.Deserialize<TId>(JsonSerializer.Serialize(text));
}
