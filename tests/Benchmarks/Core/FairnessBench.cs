using System.Diagnostics;
using TokenLedger.Contracts;
using TokenLedger.Core.Fairness;

namespace TokenLedger.Benchmarks;

/// <summary>How long one fairness tick takes a pool of ten thousand entitlements that all want more than there is.</summary>
internal static class FairnessBench
{
    private const int Entitlements = 10_000;
    private const int WarmUp = 50;
    private static readonly PoolId s_pool = new("bench");

    public static void Run(BenchOptions options)
    {
        var (state, now) = Crowded();
        var times = new List<double>();
        var started = Stopwatch.GetTimestamp();
        for (var tick = 0; times.Count < WarmUp || Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(options.Seconds); tick++)
        {
            now = now.AddSeconds(1);
            Refuse(state, now);
            var began = Stopwatch.GetTimestamp();
            FairnessDecisions.Tick(state, now);
            if (tick >= WarmUp) times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }
        Results.Row("fairness/10000-entitlements", Rounds.Median(times), "ms/tick");
    }

    /// <summary>Elastic entitlements of different weights with a request open each, dedicated, guaranteed and spot ones among them.</summary>
    private static (FairnessState State, DateTimeOffset Now) Crowded()
    {
        var (state, now) = (new FairnessState(s_pool), DateTimeOffset.UnixEpoch.AddYears(50));
        var capacity = new Capacity(Entitlements * 50, Entitlements * 100_000L, Entitlements * 5);
        Take(state, new PoolOpened(s_pool, new("model", 1, capacity, 1_000, 100, 10, 3_600, 1_000, new(1, 1, 0.8))), now);
        for (var i = 0; i < Entitlements; i++)
        {
            var serviceClass = (i % 10) switch { 0 => ServiceClass.Guaranteed, 1 => ServiceClass.Dedicated, 2 => ServiceClass.Spot, _ => ServiceClass.Elastic };
            var baseline = serviceClass == ServiceClass.Spot ? default : new Capacity(60 + i % 7, 0, 5 + i % 3);
            Take(state, new EntitlementStateChanged(s_pool, Grant(state, i, serviceClass, baseline, now), EntitlementState.Pending, EntitlementState.Bound), now);
            Take(state, new RequestAdmitted(s_pool, new(Id(i)), Name(i), new("tenant"), 40, 60, null, 60, new(100, 100_000, 1), 1, now.AddHours(1)), now);
        }
        FairnessDecisions.Tick(state, now);
        return (state, now);
    }

    private static EntitlementId Grant(FairnessState state, int i, ServiceClass serviceClass, Capacity baseline, DateTimeOffset now)
    {
        Take(state, new EntitlementGranted(s_pool, Name(i), new(new("tenant"), serviceClass, 500 + i % 30 * 1_000, baseline, null, null)), now);
        return Name(i);
    }

    /// <summary>More is asked for of everyone than it can have.</summary>
    private static void Refuse(FairnessState state, DateTimeOffset now) =>
        Take(state, new RequestsDenied(s_pool, [.. Enumerable.Range(0, Entitlements).Select(i => new DeniedCount(Name(i), DenialReason.PoolExhausted, 10 + i % 5, 1_000 + i % 90))]), now);

    private static void Take(FairnessState state, ILedgerEvent data, DateTimeOffset at) => state.Evolve(new(state.Position + 1, "pool-bench", state.Position + 1, Guid.Empty, "", at, data));

    private static EntitlementId Name(int number) => new($"tenant-{number}");

    private static Guid Id(int number) => new(number, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1);
}
