using System.Globalization;
using System.Text;
using TokenLedger.Tests.Integration.Hosting;

namespace TokenLedger.Tests.Integration.Http;

/// <summary>An instance with one pool, and a client that can send any header.</summary>
public sealed class AuthorizeFixture(PostgresServer postgres) : IAsyncLifetime
{
    private readonly HttpClient _http = new();

    internal ApiInstance Api { get; private set; } = null!;
    internal string Database { get; private set; } = "";
    internal string Key { get; private set; } = "";
    internal ApiClient Gateway => Api.With(Key);

    public async ValueTask InitializeAsync()
    {
        Database = await postgres.CreateConnectionStringAsync("authorize");
        Api = await ApiInstance.StartAsync(Database);
        await Api.OpenPoolAsync("pool");
        Key = await EnterAsync("chat", sequences: 8);
    }

    internal async Task<string> EnterAsync(string entitlement, int sequences)
    {
        await Api.GrantAsync("pool", entitlement, Bodies.Entitlement().But("baseline.sequences", sequences.ToString(CultureInfo.InvariantCulture)));
        return (await Api.IssueKeyAsync("pool", entitlement)).Text("key");
    }

    /// <summary>The key of an entitlement whose one sequence is taken.</summary>
    internal async Task<string> FillAsync(string entitlement)
    {
        var key = await EnterAsync(entitlement, sequences: 1);
        (await Api.With(key).AdmitAsync(Guid.NewGuid())).MustBe(201);
        return key;
    }

    internal async Task<ApiAnswer> SendAsync(HttpMethod method, string path, string? body, (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, Api.Address + path);
        if (body is not null) request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        using var response = await _http.SendAsync(request, Within.Patience());
        return new(
            (int)response.StatusCode, response.Headers.Concat(response.Content.Headers).ToDictionary(h => h.Key, h => string.Join(", ", h.Value), StringComparer.OrdinalIgnoreCase),
            await response.Content.ReadAsStringAsync(Within.Patience()));
    }

    public ValueTask DisposeAsync()
    {
        _http.Dispose();
        return Api.DisposeAsync();
    }
}
