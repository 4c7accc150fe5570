using System.Globalization;
using System.Text.Json.Nodes;

namespace TokenLedger.Tests.Integration.Http;

/// <summary>What the API answered.</summary>
internal sealed record ApiAnswer(int Status, IReadOnlyDictionary<string, string> Headers, string Body)
{
    public JsonNode Json => JsonNode.Parse(Body)!;

    public long Long(string field) => (long)Json[field]!;

    public string Text(string field) => (string)Json[field]!;

    public long Position => Long("ledgerPosition");

    public string Header(string name) => Headers.TryGetValue(name, out var value) ? value : throw new KeyNotFoundException($"No header {name} on {Status} {Body}");

    public ApiAnswer MustBe(int status)
    {
        Assert.True(Status == status, string.Create(CultureInfo.InvariantCulture, $"{status} was expected, not {Status}: {Body}"));
        return this;
    }

    /// <summary>A problem of RFC 9457 with a stable type, a reason, sentences for people and, of an invalid input, the fields that are wrong.</summary>
    public ApiAnswer MustRefuse(int status, string reason, params string[] fields)
    {
        MustBe(status);
        Assert.StartsWith("application/problem+json", Header("Content-Type"), StringComparison.Ordinal);
        Assert.Equal((reason, "urn:tokenledger:problem:" + reason, (long)status), (Text("reason"), Text("type"), Long("status")));
        Assert.NotEmpty(Text("title"));
        Assert.NotEmpty(Text("detail"));
        Assert.Equal(fields.Order(StringComparer.Ordinal), Json["errors"] is JsonObject errors ? errors.Select(e => e.Key).Order(StringComparer.Ordinal) : []);
        return this;
    }
}
