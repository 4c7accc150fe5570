using System.Text.Json.Nodes;
using Npgsql;
using TokenLedger.Tests.Integration.Hosting;

namespace TokenLedger.Tests.Integration.Http;

/// <summary>Keys: shown once, kept as hashes, gone when they are revoked.</summary>
public sealed class KeyTests(PostgresServer postgres)
{
    [Fact]
    public async Task Shows_a_key_once_and_keeps_nothing_that_opens_anything()
    {
        var connection = await postgres.CreateConnectionStringAsync("keys");
        await using var api = await ApiInstance.StartAsync(connection);
        await api.OpenPoolAsync("pool");
        await api.GrantAsync("pool", "chat");
        ApiAnswer[] issued = [await api.IssueKeyAsync("pool", "chat"), await api.IssueOperatorKeyAsync("finance", "acme"), await api.IssueOperatorKeyAsync("auditor")];
        var request = Guid.NewGuid();
        var gateway = api.With(issued[0].Text("key"));
        (await gateway.AdmitAsync(request)).MustBe(201);
        (await gateway.UseAsync(request)).MustBe(202);
        (await gateway.SendAsync(HttpMethod.Put, "/v1/pools/pool", "{")).MustBe(403);
        string[] secrets = [.. issued.Select(answer => answer.Text("key")), ApiInstance.OperatorKey];
        Assert.Equal(secrets.Length, secrets.Distinct().Count());
        // The random part alone would open nothing, but it has no business elsewhere either.
        string[] parts = [.. secrets, .. secrets.SkipLast(1).Select(secret => secret.Split('_')[^1])];
        Assert.All(parts, part => Assert.True(part.Length >= 20, part));
        foreach (var path in (string[])["/v1/keys", "/v1/pools/pool", "/v1/pools", "/v1/ledger/events?limit=10000", "/metrics", "/readyz"])
            FindsNone(parts, (await api.Operator.GetAsync(path)).MustBe(200).Body);
        FindsNone(parts, string.Join('\n', api.Log.Lines));
        Assert.NotEmpty(api.Log.Lines);
        FindsNone(parts, await DumpAsync(connection));
    }

    private static void FindsNone(string[] secrets, string text) => Assert.All(secrets, secret => Assert.DoesNotContain(secret, text, StringComparison.OrdinalIgnoreCase));

    /// <summary>Every row of every table, as text.</summary>
    private static async Task<string> DumpAsync(string connection)
    {
        await using var database = NpgsqlDataSource.Create(connection);
        await using var list = database.CreateCommand("select table_schema || '.' || table_name from information_schema.tables where table_schema not in ('pg_catalog', 'information_schema')");
        List<string> tables = [];
        await using (var reader = await list.ExecuteReaderAsync(Within.Patience()))
            while (await reader.ReadAsync(Within.Patience())) tables.Add(reader.GetString(0));
        Assert.Contains("tokenledger.mt_events", tables);
        var rows = "";
        foreach (var table in tables)
        {
            await using var dump = database.CreateCommand($"select coalesce(string_agg(t::text, chr(10)), '') from {table} t");
            rows += (string)(await dump.ExecuteScalarAsync(Within.Patience()))!;
        }
        Assert.Contains("operator-key-issued.v1", rows, StringComparison.Ordinal);
        return rows;
    }

    [Fact]
    public async Task Lists_operator_keys_and_revokes_them_at_once()
    {
        await using var api = await ApiInstance.StartAsync(await postgres.CreateConnectionStringAsync("keys"));
        var issued = await api.IssueOperatorKeyAsync("finance", "acme");
        var finance = api.With(issued.Text("key"));
        (await finance.GetAsync("/v1/usage")).MustBe(200);
        Assert.Equal($"/v1/keys/{issued.Text("keyId")}", issued.Header("Location"));
        var listed = (await api.Operator.GetAsync("/v1/keys")).Json["keys"]!.AsArray().Single(key => (string?)key!["keyId"] == issued.Text("keyId"))!;
        Assert.Equal("""{"name":"a-finance","roles":["finance"],"tenant":"acme"}""", Without(listed, "keyId"));
        (await api.Operator.DeleteAsync($"/v1/keys/{issued.Text("keyId")}")).MustBe(204);
        (await finance.GetAsync("/v1/usage")).MustRefuse(401, "key-unknown");
        (await api.Operator.DeleteAsync($"/v1/keys/{issued.Text("keyId")}")).MustRefuse(404, "key-unknown");
        Assert.DoesNotContain(issued.Text("keyId"), (await api.Operator.GetAsync("/v1/keys")).Body, StringComparison.Ordinal);
    }

    private static string Without(JsonNode node, string field)
    {
        var copy = node.DeepClone().AsObject();
        copy.Remove(field);
        return copy.ToJsonString();
    }

    [Fact]
    public async Task Does_not_revive_the_keys_of_an_entitlement_that_is_granted_again()
    {
        await using var api = await ApiInstance.StartAsync(await postgres.CreateConnectionStringAsync("keys"));
        await api.OpenPoolAsync("pool");
        var old = await api.EnterAsync("pool", "chat");
        var request = Guid.NewGuid();
        (await old.AdmitAsync(request)).MustBe(201);
        (await api.Operator.DeleteAsync("/v1/pools/pool/entitlements/chat")).MustBe(204);
        (await old.AdmitAsync(Guid.NewGuid())).MustRefuse(403, "entitlement-not-bound");
        await api.GrantAsync("pool", "chat", Bodies.Entitlement(tenant: "globex"));
        foreach (var call in (Func<Task<ApiAnswer>>[])[() => old.AdmitAsync(Guid.NewGuid()), () => old.AdmitAsync(request), () => old.UseAsync(request)])
            (await call()).MustRefuse(401, "key-unknown");
        Assert.Empty((await api.LookAsync("pool", "chat")).Entitlement["keys"]!.AsArray());
        var key = (await api.IssueKeyAsync("pool", "chat")).Text("key");
        (await api.With(key).AdmitAsync(Guid.NewGuid())).MustBe(201);
    }
}
