using System.Globalization;
using System.Text.Json;
using TokenLedger.Benchmarks.Http;
using TokenLedger.Contracts;
using TokenLedger.Ledger;

namespace TokenLedger.Benchmarks.Overload;

/// <summary>Two engines and the product in front of them, each in a process of its own, and a key for each tenant.</summary>
internal sealed class OverloadSite : IAsyncDisposable
{
    private const int ReadAtOnce = 5_000;
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan s_lookEvery = TimeSpan.FromMilliseconds(250);
    private readonly List<Instance> _all = [];
    private readonly Dictionary<string, string> _keys = [];
    private readonly string _database;

    private OverloadSite(string database) => _database = database;

    public IReadOnlyDictionary<string, string> Keys => _keys;
    public Uri Gateway => Product.Url;
    private Instance Product => _all[^1];
    private IEnumerable<Instance> Engines => _all[..^1];

    public static async Task<OverloadSite> StartAsync(OverloadPlan plan, string database, CancellationToken ct)
    {
        var site = new OverloadSite(database);
        try
        {
            await site.StartAsync(plan, ct);
            return site;
        }
        catch
        {
            await site.DisposeAsync();
            throw;
        }
    }

    private async Task StartAsync(OverloadPlan plan, CancellationToken ct)
    {
        for (var i = 0; i < OverloadPlan.Replicas; i++) _all.Add(await Instance.StartEngineAsync(plan.EngineArguments, ct));
        var settings = _all.Select((engine, i) => ($"TokenLedger__Gateway__Upstreams__{OverloadPlan.Pool}__{i}", engine.Url.ToString())).ToDictionary();
        // Without admission a stream waits for its first token as long as the queue is.
        settings["TokenLedger__Gateway__IdleMs"] = "3600000";
        _all.Add(await Instance.StartProductAsync(_database, ct, settings));
        await UseAsync(AdmissionPolicy.WeightedShare, ct);
        foreach (var tenant in plan.Tenants)
        {
            var path = $"/v1/pools/{OverloadPlan.Pool}/entitlements/{tenant.Name}";
            await Product.PutAsync(path, OverloadPlan.EntitlementOf(tenant), ct);
            _keys[tenant.Name] = await Product.NewKeyAsync(path + "/keys", ct);
        }
    }

    /// <summary>Everything else stays as it is: the same gateway, the same choice of replicas, the same events.</summary>
    public Task UseAsync(AdmissionPolicy policy, CancellationToken ct) => Product.PutAsync($"/v1/pools/{OverloadPlan.Pool}", OverloadPlan.PoolOf(policy), ct);

    /// <summary>Waits until every reservation has ended.</summary>
    /// <returns>How many were left when patience ended.</returns>
    public async Task<int> EmptyAsync(CancellationToken ct)
    {
        using var timer = new PeriodicTimer(s_lookEvery);
        for (var looks = s_patience / s_lookEvery; ; looks--)
        {
            using var pool = JsonDocument.Parse(await Product.GetAsync($"/v1/pools/{OverloadPlan.Pool}", ct));
            if (pool.RootElement.GetProperty("openReservations").GetInt32() is var open && (open == 0 || looks <= 0)) return open;
            await timer.WaitForNextTickAsync(ct);
        }
    }

    /// <summary>Requests that wait in the engines, now.</summary>
    public async Task<int> WaitingAsync(CancellationToken ct)
    {
        var waiting = 0;
        foreach (var engine in Engines)
        {
            var line = (await engine.GetAsync("metrics", ct)).Split('\n').First(text => text.StartsWith("vllm:num_requests_waiting", StringComparison.Ordinal));
            waiting += int.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture);
        }
        return waiting;
    }

    /// <summary>Tokens that engines and ledger tell differently, request by request and input and output apart; and all that the engines produced.</summary>
    public async Task<(long Unaccounted, long Produced)> AccountAsync(CancellationToken ct)
    {
        var used = await UsedAsync(ct);
        var produced = await ProducedAsync(ct);
        var unaccounted = produced.Keys.Union(used.Keys).Sum(request =>
        {
            var (of, by) = (used.GetValueOrDefault(request), produced.GetValueOrDefault(request));
            return Math.Abs(of.Input - by.Input) + Math.Abs(of.Output - by.Output);
        });
        return (unaccounted, produced.Values.Sum(one => one.Input + one.Output));
    }

    private async Task<Dictionary<string, (long Input, long Output)>> UsedAsync(CancellationToken ct)
    {
        await using var source = LedgerDatabase.Open(_database);
        var (ledger, used) = (new PostgresLedger(source), new Dictionary<string, (long, long)>());
        for (var (after, head) = (0L, await ledger.HeadAsync(ct)); after < head;)
        {
            var page = await ledger.ReadAllAsync(after, ReadAtOnce, [EventCatalogue.WireName<TokensConsumed>()], null, ct);
            foreach (var one in page.Events.Select(e => (TokensConsumed)e.Data)) used.Add(one.Request.ToString(), (one.InputTokens, one.OutputTokens));
            after = page.Through;
        }
        return used;
    }

    /// <summary>By the engines' own logs; a request that was tried at both is in both.</summary>
    private async Task<Dictionary<string, (long Input, long Output)>> ProducedAsync(CancellationToken ct)
    {
        var produced = new Dictionary<string, (long Input, long Output)>();
        foreach (var engine in Engines)
            foreach (var line in (await engine.GetAsync("log", ct)).Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                using var entry = JsonDocument.Parse(line);
                var (request, before) = (Text(entry, "requestId"), produced.GetValueOrDefault(Text(entry, "requestId")));
                produced[request] = (before.Input + Number(entry, "promptTokens"), before.Output + Number(entry, "outputTokens"));
            }
        return produced;

        static string Text(JsonDocument entry, string field) => entry.RootElement.GetProperty(field).GetString()!;

        static long Number(JsonDocument entry, string field) => entry.RootElement.GetProperty(field).GetInt64();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var instance in Enumerable.Reverse(_all)) await instance.DisposeAsync();
    }
}
