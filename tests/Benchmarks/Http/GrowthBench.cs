using TokenLedger.Contracts;
using TokenLedger.Ledger;

namespace TokenLedger.Benchmarks.Http;

/// <summary>What starts, appends and admissions cost in a ledger of many events, in one of a tenth and in one of a hundredth of them: what is longer must not be slower.</summary>
internal sealed class GrowthBench(Servers servers, BenchOptions options)
{
    private const int Batch = 256;
    private const int BatchesPerRound = 40;
    private const int Connections = 64;
    private const int WarmUpSeconds = 10;
    private static readonly (string Suffix, long Part)[] s_sizes = [("-hundredth", 100), ("-tenth", 10), ("", 1)];

    private int TurnSeconds => Math.Max(1, options.Seconds / 3);

    public async Task RunAsync(CancellationToken ct)
    {
        var ledgers = new List<FilledLedger>();
        foreach (var (_, part) in s_sizes)
        {
            ledgers.Add(await FilledLedger.CreateAsync(servers, options.Events / part, ct));
            await StartupBench.CaughtUpAsync(ledgers[^1], ct);
        }
        Report("ready", "s", await Rounds.RunAsync(TimeSpan.Zero, [.. ledgers.Select(ledger => (Func<Task<double>>)(async () => (await StartupBench.StartAsync(ledger.Connection, "pool-0", ct)).Seconds))]));
        await AppendsAsync(ledgers, ct);
        await AdmissionsAsync(ledgers, ct);
        foreach (var ledger in ledgers) await servers.DropAsync(ledger.Connection, ct);
    }

    private async Task AppendsAsync(List<FilledLedger> ledgers, CancellationToken ct)
    {
        var databases = ledgers.ConvertAll(ledger => LedgerDatabase.Open(ledger.Connection));
        Report("append", "events/s", await Rounds.RunAsync(options.Duration, [.. databases.Select(database => Appending(new PostgresLedger(database), ct))]));
        foreach (var database in databases) await database.DisposeAsync();
    }

    private static Func<Task<double>> Appending(PostgresLedger ledger, CancellationToken ct)
    {
        var traffic = new Traffic(new("growth"), 8, 1_000);
        var (flow, version) = (traffic.Opening().Select(fact => fact.Event).Concat(traffic.PoolFlow()).GetEnumerator(), 0L);
        return () =>
        {
            var batches = Enumerable.Range(0, BatchesPerRound).Select(_ => Take()).ToList();
            return Rounds.RateAsync(Batch * BatchesPerRound, async () =>
            {
                foreach (var batch in batches) version = (await ledger.AppendAsync(Streams.Pool(traffic.Pool), version, batch, ct)).FirstVersion + Batch - 1;
            });
        };

        List<NewEvent> Take()
        {
            var taken = new List<NewEvent>(Batch);
            while (taken.Count < Batch && flow.MoveNext()) taken.Add(flow.Current);
            return taken;
        }
    }

    private async Task AdmissionsAsync(List<FilledLedger> ledgers, CancellationToken ct)
    {
        var products = new List<Instance>();
        try
        {
            var contenders = new List<Func<Task<double>>>();
            foreach (var ledger in ledgers)
            {
                var product = await Instance.StartProductAsync(ledger.Connection, ct);
                products.Add(product);
                var key = await AdmitBench.OpenPoolAsync(product, ct);
                await Wrk.RunAsync(product.Url, AdmitBench.Admit, key, Connections, WarmUpSeconds, ct);
                contenders.Add(async () => (await Wrk.RunAsync(product.Url, AdmitBench.Admit, key, Connections, TurnSeconds, ct)).PerSecond);
            }
            Report("admit", "requests/s", await Rounds.RunAsync(TimeSpan.Zero, [.. contenders]));
        }
        finally
        {
            foreach (var product in products) await product.DisposeAsync();
        }
    }

    private void Report(string what, string unit, List<double>[] measured)
    {
        for (var i = 1; i < s_sizes.Length; i++)
            Results.Row($"growth/{what}{s_sizes[i].Suffix}", Rounds.Typical(measured[i], measured[0]), unit, $"a ledger of {options.Events / s_sizes[0].Part} events; this one has {options.Events / s_sizes[i].Part}");
    }
}
