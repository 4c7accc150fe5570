using System.Diagnostics;
using TokenLedger.Benchmarks.Views;
using TokenLedger.Ledger;

namespace TokenLedger.Benchmarks.Http;

/// <summary>How long the product takes from its start until it is ready and knows a pool, with a large ledger and with an empty one; and what it needs in memory for many entitlements and reservations.</summary>
internal sealed class StartupBench(Servers servers)
{
    private const int Turns = 3;
    private const int Entitlements = 10_000;
    private const int OpenReservations = 100_000;
    private static readonly string[] s_views = ["metering-usage", "admission-settlement", "admission-capacity", "admission-limits", "fairness-demand", "autoscaler-demand"];

    public sealed record Start(double Seconds, double Megabytes);

    public async Task RunAsync(FilledLedger ledger, CancellationToken ct)
    {
        await CaughtUpAsync(ledger, ct);
        var empty = await servers.NewDatabaseAsync(ct);
        var (large, none) = await InTurnsAsync((ledger.Connection, "pool-0"), (empty, null), ct);
        Results.Row("startup/ready", large.Seconds, "s", none.Seconds, $"an empty ledger; this one has {ledger.Events} events");
        await MemoryAsync(empty, ct);
        await servers.DropAsync(empty, ct);
    }

    private async Task MemoryAsync(string empty, CancellationToken ct)
    {
        var connection = await servers.NewDatabaseAsync(ct);
        await using (var host = new MeteringHost(connection)) await host.UpgradeAsync(ct);
        var traffic = new Traffic(new("large"), Entitlements, OpenReservations);
        await CaughtUpAsync(await FilledLedger.WriteAsync(connection, traffic.Opening().Concat(traffic.CloseBooks()), long.MaxValue, ct), ct);
        var (full, none) = await InTurnsAsync((connection, "large"), (empty, null), ct);
        Results.Row("startup/memory", full.Megabytes, "MB", none.Megabytes, "an empty ledger");
        Results.Row("startup/ready-large-pool", full.Seconds, "s", none.Seconds, "an empty ledger");
        await servers.DropAsync(connection, ct);
    }

    private static async Task<(Start, Start)> InTurnsAsync((string Connection, string? Pool) one, (string Connection, string? Pool) other, CancellationToken ct)
    {
        var (ofOne, ofOther) = (new List<Start>(), new List<Start>());
        for (var turn = 0; turn <= Turns; turn++)
        {
            ofOther.Add(await StartAsync(other.Connection, other.Pool, ct));
            ofOne.Add(await StartAsync(one.Connection, one.Pool, ct));
        }
        // The first start makes tables and warms caches.
        return (Median(ofOne[1..]), Median(ofOther[1..]));
    }

    private static Start Median(List<Start> starts) =>
        new(Rounds.Median([.. starts.Select(start => start.Seconds)]), Rounds.Median([.. starts.Select(start => start.Megabytes)]));

    /// <summary>Starts the product on a database; when it is ready and has answered for the pool, tells how long that took and what it holds in memory.</summary>
    public static async Task<Start> StartAsync(string connection, string? pool, CancellationToken ct)
    {
        var started = Stopwatch.GetTimestamp();
        await using var product = await Instance.StartProductAsync(connection, ct);
        if (pool is not null) await product.GetAsync($"/v1/pools/{pool}", ct);
        return new(Stopwatch.GetElapsedTime(started).TotalSeconds, product.ResidentBytes / 1e6);
    }

    /// <summary>The views were there while the ledger grew: they are at its head, as they are when a product that ran is started again.</summary>
    public static async Task CaughtUpAsync(FilledLedger filled, CancellationToken ct)
    {
        await using var source = LedgerDatabase.Open(filled.Connection);
        var ledger = new PostgresLedger(source);
        foreach (var view in s_views) await ledger.SaveCheckpointAsync(view, filled.Events, ct);
    }
}
