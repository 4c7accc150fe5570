using System.Diagnostics;
using TokenLedger.Contracts;
using TokenLedger.Tests.Integration.Servers;

namespace TokenLedger.Benchmarks.Views;

/// <summary>From the ledger through a real broker into the usage view in PostgreSQL, which counts every event once: how many a second, and how far behind at a steady rate.</summary>
internal sealed class BusBench(Servers servers, BenchOptions options)
{
    /// <summary>About what a process keeps in memory of its last appends, from where its publisher reads them as in service.</summary>
    private const int Burst = 16_000;
    private const int Ticks = 100;
    private const int SteadyRate = 5_000;
    private readonly Traffic _traffic = new(new("bench"), 8, 1_000);

    public async Task RunAsync(CancellationToken ct)
    {
        await using var broker = new RabbitServer();
        await StartAsync(broker);
        var other = await servers.NewDatabaseAsync(ct);
        _ = _traffic.Opening().Count();
        using var usage = _traffic.UsageFlow().GetEnumerator();
        var alone = await WithoutBusAsync(other, usage, ct);
        await servers.DropAsync(other, ct);
        await WithBusAsync(broker.AmqpUri, seals: false, host => ThroughputAsync(host, "bus/throughput", usage, alone, ct), usage, ct);
        await WithBusAsync(broker.AmqpUri, seals: true, async host =>
        {
            await ThroughputAsync(host, "bus/throughput-sealing", usage, alone, ct);
            await LagAsync(host, usage, ct);
        }, usage, ct);
    }

    private async Task WithBusAsync(Uri broker, bool seals, Func<MeteringHost, Task> measure, IEnumerator<NewEvent> usage, CancellationToken ct)
    {
        var database = await servers.NewDatabaseAsync(ct);
        await using (var host = new MeteringHost(database, broker, seals))
        {
            await host.StartAsync(ct);
            // The publisher's first message does not say where the one before ended, so the view reads the ledger once; from the second on it takes what the bus brings.
            for (var i = 0; i < 3; i++) await ArriveAsync(host, usage, 500, ct);
            await measure(host);
        }
        await servers.DropAsync(database, ct);
    }

    private static async Task StartAsync(RabbitServer broker)
    {
        try
        {
            await broker.StartAsync();
        }
        catch (InvalidOperationException e)
        {
            throw new BenchException(e.Message);
        }
    }

    private async Task ThroughputAsync(MeteringHost host, string row, IEnumerator<NewEvent> usage, double alone, CancellationToken ct)
    {
        var (appended, read) = (0L, host.EventsRead);
        var rates = await Rounds.RunAsync(options.Duration, async () =>
        {
            appended += Burst;
            return await ArriveAsync(host, usage, Burst, ct);
        });
        Results.Row(row, Rounds.Median(rates[0]), "events/s", alone, "the same view straight from the ledger");
        // The publisher reads every event once; what was read besides, the view read because the bus had dropped it or was late.
        Results.Row(row.Replace("throughput", "read-again", StringComparison.Ordinal), 100.0 * (host.EventsRead - read - appended) / appended, "% of events");
    }

    /// <summary>Appends events in one commit, so that all are there at once, and returns how many a second arrive in the view from then on.</summary>
    private async Task<double> ArriveAsync(MeteringHost host, IEnumerator<NewEvent> usage, int events, CancellationToken ct)
    {
        var last = await AppendAsync(host, Take(usage, events), ct);
        return await Rounds.RateAsync(events, () => host.View.WaitForAsync(last, ct));
    }

    private async Task LagAsync(MeteringHost host, IEnumerator<NewEvent> usage, CancellationToken ct)
    {
        var (lags, late) = (new List<double>(), new List<Task>());
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1) / Ticks);
        for (var tick = 0; tick < options.Seconds * Ticks; tick++)
        {
            await timer.WaitForNextTickAsync(ct);
            var last = await AppendAsync(host, Take(usage, SteadyRate / Ticks), ct);
            late.Add(ArrivesAsync(last, Stopwatch.GetTimestamp()));
        }
        await Task.WhenAll(late);
        Results.Row("bus/lag-p50", Rounds.Percentile(lags, 0.5), "ms");
        Results.Row("bus/lag-p99", Rounds.Percentile(lags, 0.99), "ms");

        async Task ArrivesAsync(long position, long since)
        {
            await host.View.WaitForAsync(position, ct);
            lock (lags) lags.Add(Stopwatch.GetElapsedTime(since).TotalMilliseconds);
        }
    }

    private async Task<long> AppendAsync(MeteringHost host, List<NewEvent> events, CancellationToken ct)
    {
        var stream = Streams.Usage(_traffic.Pool);
        return (await host.Ledger.AppendAsync(stream, await host.Ledger.VersionAsync(stream, ct), events, ct)).FirstPosition + events.Count - 1;
    }

    private async Task<double> WithoutBusAsync(string connection, IEnumerator<NewEvent> usage, CancellationToken ct)
    {
        var rates = await Rounds.RunAsync(options.Duration, async () =>
        {
            await using var host = new MeteringHost(connection, seals: false);
            await host.UpgradeAsync(ct);
            await AppendAsync(host, Take(usage, Burst), ct);
            return await host.CatchUpAsync(Burst, ct);
        });
        return Rounds.Median(rates[0]);
    }

    private static List<NewEvent> Take(IEnumerator<NewEvent> usage, int count)
    {
        var taken = new List<NewEvent>(count);
        while (taken.Count < count && usage.MoveNext()) taken.Add(usage.Current);
        return taken;
    }
}
