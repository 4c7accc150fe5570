using System.Text.Json;
using System.Text.Json.Nodes;
using Npgsql;
using TokenLedger.Cli.Replay;
using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;
using TokenLedger.Ledger;
using TokenLedger.Tests.Integration.Hosting;
using TokenLedger.Tests.Integration.Http;

namespace TokenLedger.Tests.Integration.Backup;

/// <summary>A request that is settled and one that is open when the backup is taken, and all that must hold of them wherever it is restored.</summary>
internal sealed class BackupStory
{
    private const string Grouping = "tenant,pool,entitlement,model";
    private readonly Guid _settled = Guid.NewGuid();
    private readonly Guid _open = Guid.NewGuid();
    private readonly JsonObject _usage;
    private string _key = "";
    private string _busyKey = "";
    private string _admitted = "";

    public BackupStory() => _usage = Bodies.Usage(_settled, output: 20);

    /// <summary>Position before which everything is certain to be in the backup.</summary>
    public long Before { get; private set; }

    public async Task PlayAsync(ApiInstance api)
    {
        await api.OpenPoolAsync("pool");
        foreach (var entitlement in (string[])["chat", "busy"]) await api.GrantAsync("pool", entitlement);
        (_key, _busyKey) = ((await api.IssueKeyAsync("pool", "chat")).Text("key"), (await api.IssueKeyAsync("pool", "busy")).Text("key"));
        var gateway = api.With(_key);
        _admitted = (await gateway.AdmitAsync(_settled)).MustBe(201).Body;
        (await gateway.PostUsageAsync(_usage)).MustBe(202);
        await api.Events.FirstAsync<ReservationSettled>(e => e.Request.Value == _settled);
        (await gateway.AdmitAsync(_open)).MustBe(201);
        Before = await api.Events.HeadAsync();
        await api.Follower("metering-usage").WaitForAsync(Before, Within.Patience());
    }

    /// <summary>Requests come and end all the while; another entitlement's, so that those left open do not stand in the way of the first.</summary>
    public async Task WhileBusyAsync(ApiInstance api, Func<Task> backup)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Within.Patience());
        var busy = KeepBusyAsync(api.With(_busyKey), stop.Token);
        await api.Events.FirstAsync<TokensConsumed>(e => e.Entitlement?.Value == "busy");
        await backup();
        await stop.CancelAsync();
        await busy;
    }

    private static async Task KeepBusyAsync(ApiClient gateway, CancellationToken ct)
    {
        while (!ct.IsCancellationRequested)
        {
            var request = Guid.NewGuid();
            if ((await gateway.AdmitAsync(request)).Status == 201) (await gateway.UseAsync(request)).MustBe(202);
        }
    }

    /// <summary>The restored ledger is the other one's beginning, whole, and its decisions are verified. Returns its head.</summary>
    public async Task<long> IsWholeAsync(string original, string restored)
    {
        await using var source = LedgerDatabase.Open(original);
        await using var copy = LedgerDatabase.Open(restored);
        var head = await new PostgresLedger(copy).HeadAsync(Within.Patience());
        Assert.InRange(head, Before, await new PostgresLedger(source).HeadAsync(Within.Patience()));
        Assert.Equal(await FingerprintAsync(source, head), await FingerprintAsync(copy, head));
        Assert.InRange(await new PostgresLedger(copy).LoadCheckpointAsync("metering-usage", Within.Patience()), Before, head);
        await VerifiesAsync(restored);
        return head;
    }

    /// <summary>Services on the restored ledger show what was, and go on from there.</summary>
    public async Task GoesOnAsync(string original, string restored, long head)
    {
        await using (var api = await ApiInstance.StartAsync(restored))
        {
            var before = await UsageAsync(api, head);
            Assert.Equal(Rows(await UsageAsync(original, head)), Rows(before));
            await KnowsWhatWasAsync(api.With(_key));
            await EndsWhatWasOpenAsync(api);
            var request = Guid.NewGuid();
            (await api.With(_key).AdmitAsync(request)).MustBe(201);
            var used = (await api.With(_key).UseAsync(request, input: 1_000, output: 30)).MustBe(202).Position;
            Assert.Equal(Requests(before) + 2, Requests(await UsageAsync(api, used)));
            await api.Events.FirstAsync<ReservationSettled>(e => e.Request.Value == request);
        }
        await VerifiesAsync(restored);
    }

    private async Task KnowsWhatWasAsync(ApiClient gateway)
    {
        Assert.Equal(_admitted, (await gateway.AdmitAsync(_settled)).MustBe(200).Body);
        Assert.True((bool)(await gateway.PostUsageAsync(_usage)).MustBe(202).Json["duplicate"]!);
        (await gateway.AdmitAsync(_settled, input: 1)).MustRefuse(409, "request-id-reused");
        (await gateway.PostAsync($"/v1/admissions/{_settled}/renew")).MustRefuse(409, "reservation-ended");
    }

    private async Task EndsWhatWasOpenAsync(ApiInstance api)
    {
        (await api.With(_key).PostAsync($"/v1/admissions/{_open}/renew")).MustBe(200);
        var used = (await api.With(_key).UseAsync(_open)).MustBe(202).Position;
        var (_, settled) = await api.Events.FirstAsync<ReservationSettled>(e => e.Request.Value == _open);
        Assert.Equal(used, settled.UsagePosition);
    }

    private static async Task VerifiesAsync(string connection)
    {
        await using var source = new PostgresEvents(connection);
        var report = await new LedgerVerification().RunAsync(source.ReadDenseAsync(await source.HeadAsync(Within.Patience()), Within.Patience()), Within.Patience());
        Assert.True(report.Ok, report.Finding);
        Assert.Equal("pool", Assert.Single(report.Pools).Pool);
    }

    /// <summary>Every column of every row, so that nothing can differ unseen.</summary>
    private static async Task<string?> FingerprintAsync(NpgsqlDataSource source, long through)
    {
        await using var command = source.CreateCommand("select string_agg(md5(e::text), ' ' order by seq_id) from mt_events e where seq_id <= $1");
        command.Parameters.Add(new() { Value = through });
        return (string?)await command.ExecuteScalarAsync(Within.Patience());
    }

    private static async Task<string> UsageAsync(string connection, long at)
    {
        await using var source = new PostgresEvents(connection);
        return JsonSerializer.Serialize(await new PastViews(source, at, default).UsageAsync(pool: null, tenant: null, Within.Patience()), HttpJson.Default.UsageReport);
    }

    private static async Task<string> UsageAsync(ApiInstance api, long at)
    {
        await api.Follower("metering-usage").WaitForAsync(at, Within.Patience());
        return (await api.Operator.GetAsync($"/v1/usage?groupBy={Grouping}&atLeast={at}")).MustBe(200).Body;
    }

    /// <summary>Without the position that they are true at: what runs may have appended since.</summary>
    private static string Rows(string usage) => JsonNode.Parse(usage)!["rows"]!.ToJsonString();

    private static long Requests(string usage) => JsonNode.Parse(usage)!["rows"]!.AsArray().Sum(row => (long)row!["requests"]!);
}
