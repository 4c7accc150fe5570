using FsCheck;
using FsCheck.Fluent;
using TokenLedger.Contracts;
using TokenLedger.Core.Pools;
using static TokenLedger.Contracts.ServiceClass;

namespace TokenLedger.Tests.Unit.Core;

/// <summary>The promise that is paid for: whoever has a floor and asks for no more than it, is admitted, whatever the others do and whatever is lent to them.</summary>
public sealed class FloorProperties
{
    private static readonly Capacity s_baseline = new(30, 3_000, 3);

    [Fact]
    public void Within_its_baseline_a_floor_is_never_refused()
    {
        var kept = 0;
        Prop.ForAll(RandomPool.Traffic, Gen.Elements(0, 0.1, 0.5, 0.9, 1).ToArbitrary(), (steps, lending) =>
        {
            var buckets = new Dictionary<EntitlementId, TokenBucket> { [new("a")] = Bucket(), [new("b")] = Bucket() };
            var due = false;
            PoolRun run = null!;
            run = new PoolRun
            {
                Before = command => due = command is Admit admit && buckets.ContainsKey(admit.Entitlement) && !run.State.Open.ContainsKey(admit.Request) && run.State.Waiting.Find(admit.Request) is null && IsWithinBaseline(admit),
                After = (command, decision) =>
                {
                    if (due) Assert.IsType<Admitted>(decision.Answer);
                    if (due) kept++;
                },
                OnEvent = data =>
                {
                    if (data is RequestAdmitted a && buckets.TryGetValue(a.Entitlement, out var bucket)) bucket.Charge(a.Reserved.Tokens, run.Now);
                    if (data is ReservationSettled s && buckets.TryGetValue(s.Entitlement, out var used)) used.Charge(s.Excess.Tokens, run.Now);
                },
            };
            run.Take(
                Story.Configure(lease: 60, lending: lending), Story.Grant("a", Dedicated, 30, 3_000, 3), Story.Grant("b", Guaranteed, 30, 3_000, 3), Story.Grant("c", ServiceClass.Elastic),
                Story.Grant("d", Spot), Story.Grant("e", Preemptible), Story.Grant("f", Dedicated)).Take(steps);

            bool IsWithinBaseline(Admit admit)
            {
                var tokens = admit.InputTokens + (admit.MaxOutputTokens ?? 50);
                var held = run.State.Entitlements[admit.Entitlement].Held;
                return held.Sequences < s_baseline.Sequences && held.KvCacheBytes + tokens <= s_baseline.KvCacheBytes && buckets[admit.Entitlement].Allows(tokens, run.Now);
            }
        }).Check(Properties.Of(3_000));
        Assert.True(kept > 1_000, $"Only {kept} admissions put the promise to the test.");
    }

    /// <summary>A bucket of the baseline to which nothing is given back, so it never holds more than the entitlement's own.</summary>
    private static TokenBucket Bucket()
    {
        var bucket = new TokenBucket();
        bucket.SetRate(s_baseline.TokensPerSecond, 10, PoolScenario.Start);
        return bucket;
    }
}
