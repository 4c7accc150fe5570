using FsCheck;
using FsCheck.Fluent;
using TokenLedger.Contracts;
using TokenLedger.Core.Pools;
using TokenLedger.Core.Replay;
using static TokenLedger.Contracts.ServiceClass;

namespace TokenLedger.Tests.Unit.Core;

/// <summary>What holds for whoever waits, in every life of a pool whose waits end as soon as they can.</summary>
public sealed class WaitingProperties
{
    [Fact]
    public void Every_wait_ends_exactly_once_and_by_its_deadline() => Holds((run, steps) =>
    {
        var waiting = new Dictionary<RequestId, DateTimeOffset>();
        var seen = 0;
        foreach (var recorded in Live(run, steps, new Step(new Drain(), 60_000_000)).History)
        {
            seen++;
            switch (recorded.Data)
            {
                case RequestQueued e: waiting.Add(e.Request, e.Until); break;
                case WaitAbandoned e: Assert.True(waiting.Remove(e.Request)); break;
                case RequestAdmitted e: waiting.Remove(e.Request); break;
                case RequestDenied { Reason: DenialReason.WaitExpired } e: Assert.True(waiting.Remove(e.Request, out var until) && until <= recorded.Timestamp); break;
                case RequestDenied e: waiting.Remove(e.Request); break;
            }
        }
        Assert.Empty(waiting);
        Assert.Equal((run.History.Count, 0), (seen, run.State.Waiting.Count));
    });

    [Fact]
    public void No_more_wait_than_there_are_places()
    {
        var most = 0;
        Holds((run, steps) => Live(run, steps), run => (_, decision) =>
        {
            var places = (run().State.Settings?.Queue ?? new()).MaxRequests;
            if (decision.Events is [RequestQueued]) Assert.InRange(run().State.Waiting.Count, 1, places);
            most = Math.Max(most, run().State.Waiting.Count);
        });
        Assert.InRange(most, 2, 8);
    }

    [Fact]
    public void Nobody_overtakes()
    {
        var tested = 0;
        Holds((run, steps) => Live(run, steps), before: run => command =>
        {
            var pool = run().State;
            if (pool.Waiting.Count == 0 || command is not (Admit or Drain) || pool.Settings is not { Shadow: false, Policy: AdmissionPolicy.Threshold or AdmissionPolicy.WeightedShare }) return;
            var decision = PoolDecisions.Decide(pool, command, run().Now);
            if (decision.Answer is not Admitted { Event: var e } || IsOwnFloor(pool, e.Entitlement, e.Reserved, run().Now)) return;
            var entitlements = new HashSet<EntitlementId>();
            foreach (var other in Before(pool, e, run().Now))
            {
                var need = Need(other.Ask.InputTokens, other.Ask.MaxOutputTokens);
                var ownFloor = IsOwnFloor(pool, other.Entitlement.Id, need, run().Now);
                // Whoever goes first of an entitlement that is within its limits waits for the pool.
                Assert.False(entitlements.Add(other.Entitlement.Id) && !ownFloor && IsWithinLimits(other.Entitlement, need, run().Now), $"{e} before {other.Ask}");
                Assert.True(ownFloor || other.Entitlement.Id != e.Entitlement, $"{e} before {other.Ask}");
                tested++;
            }
        });
        Assert.True(tested > 100, $"Only {tested} admissions had anyone before them.");
    }

    [Fact]
    public void Nobody_loses_a_place_to_a_lighter_one_or_while_a_lighter_one_keeps_its_own()
    {
        var displaced = 0;
        Holds((run, steps) => Live(run, steps), after: run => (_, decision) =>
        {
            if (decision.Events is not [RequestQueued newcomer, RequestDenied loser]) return;
            var pool = run().State;
            var weight = pool.Entitlements[loser.Entitlement].Weight;
            Assert.Equal(DenialReason.LowPriority, loser.Reason);
            Assert.True(weight <= pool.Entitlements[newcomer.Entitlement].Weight);
            Assert.All(pool.Waiting.ByArrival, other => Assert.True(other.Entitlement.Weight >= weight));
            displaced++;
        });
        Assert.True(displaced > 20, $"Only {displaced} were displaced.");
    }

    [Fact]
    public void The_record_of_waits_gives_the_same_decisions_again() => Holds((run, steps) =>
    {
        var verifier = new ReplayVerifier(PoolScenario.Pool);
        Assert.All(Live(run, steps).History, recorded => Assert.Null(verifier.Take(recorded)));
        Assert.Null(verifier.Complete());
        Assert.Equal(PoolRun.Fingerprint(run.State, run.Now), PoolRun.Fingerprint(verifier.State, run.Now));
    });

    /// <summary>Those with a better place. Where a newcomer would stand in the weighted cycle is told by the drain alone.</summary>
    private static IEnumerable<WaitingRequest> Before(PoolState pool, RequestAdmitted e, DateTimeOffset now)
    {
        var order = (pool.Settings!.Queue ?? new()).Order;
        var places = pool.Waiting.InOrder(order);
        if (pool.Waiting.Find(e.Request) is not null) return places.TakeWhile(other => other.Request != e.Request);
        if (order == QueueOrder.WeightedCycle) return [];
        // A client that was told to come back asks since then.
        var key = KeyOf(pool.Entitlements[e.Entitlement], e.Reserved.Tokens, pool.Returns.Find(e.Request, e.Entitlement)?.ToldAt ?? now);
        return places.TakeWhile(other => KeyOf(other.Entitlement, other.Tokens, other.Since) < key);

        long KeyOf(Entitlement of, long tokens, DateTimeOffset since) => WaitingOrder.KeyOf(order, of.Terms.ServiceClass, of.Weight, tokens, since);
    }

    private static Resources Need(long input, long? output) => new(input + (output ?? 50), input + (output ?? 50), 1);

    private static bool IsWithinLimits(Entitlement e, Resources need, DateTimeOffset now) =>
        e.IsServed && !(now < e.Terms.ValidFrom) && !(now >= e.Terms.ValidTo) && e.Held.Sequences + 1 <= e.Limits.Sequences && e.Held.KvCacheBytes + need.KvCacheBytes <= e.Limits.KvCacheBytes && e.Rate.Allows(need.Tokens, now);

    private static bool IsOwnFloor(PoolState pool, EntitlementId id, Resources need, DateTimeOffset now) =>
        pool.Entitlements[id] is var e && pool.KeepsFloors && e.HasFloor && need.KvCacheBytes <= e.IdleFloor.KvCacheBytes && e.IdleFloor.Sequences >= 1 && (e.Terms.ServiceClass == Guaranteed || e.Baseline.Allows(need.Tokens, now));

    private static void Holds(
        Action<PoolRun, Step[]> property, Func<Func<PoolRun>, Action<PoolCommand, PoolDecision>>? after = null, Func<Func<PoolRun>, Action<PoolCommand>>? before = null) =>
        Prop.ForAll(RandomPool.Lives, steps =>
        {
            PoolRun run = null!;
            run = new PoolRun { Drains = true, Before = before?.Invoke(() => run), After = after?.Invoke(() => run) };
            property(run, steps);
        }).Check(Properties.Of(1_500));

    /// <summary>Few sequences, so that many wait.</summary>
    private static PoolRun Live(PoolRun run, Step[] steps, params Step[] more) => run.Take(
        Story.Configure(sequences: 4, most: 3, lease: 60, queue: new(QueueOrder.WeightOverCost, 2, 20_000)), Story.Grant("a", Guaranteed, 30, 3_000, 1), Story.Grant("b", ServiceClass.Elastic, 30, 3_000, 3),
        Story.Grant("c", Preemptible), Story.Grant("d", Spot)).Take(steps).Take(more);
}
