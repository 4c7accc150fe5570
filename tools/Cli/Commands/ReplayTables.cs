using System.Globalization;
using Spectre.Console;
using TokenLedger.Cli.Replay;

namespace TokenLedger.Cli.Commands;

/// <summary>The result of a verification as a table.</summary>
internal static class ReplayTables
{
    public static void Write(IAnsiConsole console, ReplayReport report)
    {
        var table = Terminal.NewTable("pool", "events", "decisions verified", "only counted", "scaling verified", "held now: tokens", "KV bytes", "seq", "peak: KV bytes", "seq", "lowest tokens").AlignRight(1..);
        foreach (var pool in report.Pools)
            table.AddPlainRow(
                pool.Pool, PoolTables.Number(pool.Events), PoolTables.Number(pool.Decisions), PoolTables.Number(pool.Unverified), PoolTables.Number(pool.ScalingDecisions),
                PoolTables.Number(pool.HeldTokens), PoolTables.Number(pool.HeldKvCacheBytes), PoolTables.Number(pool.HeldSequences),
                PoolTables.Number(pool.PeakKvCacheBytes), PoolTables.Number(pool.PeakSequences), pool.LowestTokens is { } tokens ? PoolTables.Number(tokens) : "");
        console.Write(table);
        if (report.Finding is null)
            console.WriteLine("Every decision is as recorded, and nothing exceeded the capacity of its pool at any position.");
        console.WriteLine($"{PoolTables.Number(report.Pools.Sum(pool => pool.Decisions))} decisions in {report.Seconds.ToString("0.0", CultureInfo.InvariantCulture)} s: {PoolTables.Number(report.DecisionsPerSecond)} a second.");
    }
}
