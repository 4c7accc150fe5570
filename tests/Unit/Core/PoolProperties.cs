using FsCheck;
using FsCheck.Fluent;
using TokenLedger.Contracts;
using TokenLedger.Core.Pools;
using TokenLedger.Core.Replay;
using static TokenLedger.Contracts.ServiceClass;

namespace TokenLedger.Tests.Unit.Core;

/// <summary>What holds in every life of a pool. A failure names its seed and the shortest life that fails.</summary>
public sealed class PoolProperties
{
    private static readonly PoolCommand[] s_beginning =
    [
        Story.Configure(most: 3, lease: 60, estimation: RandomPool.Estimation), Story.Grant("a", Guaranteed, 30, 3_000, 3), Story.Grant("b", ServiceClass.Elastic, 30, 3_000, 3), Story.Grant("c", Preemptible),
    ];

    [Fact]
    public void The_books_balance_after_every_event_in_the_pool_and_in_its_entitlements() => Holds(steps =>
    {
        PoolRun run = null!;
        run = new PoolRun
        {
            OnEvent = data =>
            {
                var pool = run.State;
                Assert.All([pool.Account, .. pool.Entitlements.Values.Select(e => e.Account)], Balances);
                Assert.Equal(Books(pool.Account), pool.Entitlements.Values.Select(e => Books(e.Account)).Aggregate(new Totals[6], (sum, books) => [.. sum.Zip(books, (a, b) => a + b)]));
                Assert.Equal(pool.Held, pool.Open.Values.Aggregate(default(Resources), (sum, r) => sum + r.Outstanding));
            },
        };
        Live(run, steps);
    });

    [Fact]
    public void Right_after_an_admission_no_more_is_held_than_the_policy_allows() => Holds(steps =>
    {
        PoolRun run = null!;
        run = new PoolRun
        {
            OnEvent = data =>
            {
                if (data is not RequestAdmitted { ShadowDenial: null } e || run.State.Settings!.Policy == AdmissionPolicy.AdmitAll) return;
                var own = run.State.Entitlements[e.Entitlement];
                Assert.True(own.InUse.KvCacheBytes <= own.Limits.KvCacheBytes && own.InUse.Sequences <= own.Limits.Sequences, $"{own.InUse} of {own.Limits}");
                if (run.State.Settings.Policy != AdmissionPolicy.WeightedShare) return;
                var (held, most) = (run.State.InUse, run.State.Capacity + run.State.Lendable);
                Assert.True(held.KvCacheBytes <= most.KvCacheBytes && held.Sequences <= most.Sequences, $"{held} of {most}");
            },
        };
        Live(run, steps);
    });

    [Fact]
    public void Room_and_the_next_lease_are_what_a_count_from_scratch_gives() => Holds(steps =>
    {
        PoolRun run = null!;
        run = new PoolRun
        {
            OnEvent = _ =>
            {
                var pool = run.State;
                Assert.Equal(pool.Open.Count == 0 ? null : pool.Open.Values.Min(r => r.ExpiresAt), pool.NextExpiry);
                var floors = pool.Settings!.Policy == AdmissionPolicy.WeightedShare;
                foreach (var e in pool.Entitlements.Values)
                {
                    var kept = pool.Entitlements.Values.Where(other => other != e && floors).Select(other => Kept(pool, other)).ToList();
                    var held = pool.Open.Values.Where(r => !(pool.Settings.Shadow && r.IsShadow)).Aggregate(default(Resources), (sum, r) => sum + r.Outstanding);
                    Assert.Equal(
                        (pool.Capacity.KvCacheBytes - held.KvCacheBytes - kept.Sum(k => k.KvCacheBytes), pool.Capacity.Sequences - held.Sequences - kept.Sum(k => k.Sequences)),
                        pool.RoomFor(e));
                }
                if (pool.Settings.Policy == AdmissionPolicy.Threshold)
                    Assert.Equal(pool.Open.Values.Where(r => !(pool.Settings.Shadow && r.IsShadow)).Min(r => (double?)r.Entitlement.Weight), pool.LightestOpen);
            },
            After = (_, _) => Assert.True(run.State.Floors.FitsIn(run.State.Capacity), $"Floors {run.State.Floors} of {run.State.Capacity}"),
        };
        Live(run, steps);
    });

    [Fact]
    public void Every_open_reservation_is_expired_at_last() => Holds(steps =>
    {
        var run = Live(new PoolRun(), steps);
        run.Take([new Step(new Sweep(), 100_000_000)]);
        Assert.Empty(run.State.Open);
        Assert.Equal(default, run.State.Held);
    });

    [Fact]
    public void Deciding_changes_nothing_and_is_always_the_same() => Holds(steps =>
    {
        PoolRun run = null!;
        run = new PoolRun
        {
            Before = command =>
            {
                var before = PoolRun.Fingerprint(run.State, run.Now);
                var (first, second) = (PoolDecisions.Decide(run.State, command, run.Now), PoolDecisions.Decide(run.State, command, run.Now));
                Assert.Equal(first.Events.Select(PoolScenario.Text), second.Events.Select(PoolScenario.Text));
                Assert.Equal(before, PoolRun.Fingerprint(run.State, run.Now));
            },
        };
        Live(run, steps);
    });

    [Fact]
    public void The_record_gives_the_same_decisions_again_and_passes_the_audit() => Holds(steps =>
    {
        var (verifier, audit) = (new ReplayVerifier(PoolScenario.Pool), new CapacityAudit(PoolScenario.Pool));
        foreach (var recorded in Live(new PoolRun(), steps).History)
        {
            Assert.Null(verifier.Take(recorded));
            Assert.Null(audit.Take(recorded));
        }
        Assert.Null(verifier.Complete());
    });

    [Fact]
    public void A_restart_from_the_ledger_is_exact() => Holds(steps =>
    {
        var run = Live(new PoolRun(), steps);
        var restarted = new PoolState(PoolScenario.Pool);
        foreach (var recorded in run.History)
            PoolEvolution.Evolve(restarted, EventCatalogue.Deserialize(recorded.Type, EventCatalogue.Serialize(recorded.Data)), recorded.Timestamp);
        Assert.Equal(PoolRun.Fingerprint(run.State, run.Now), PoolRun.Fingerprint(restarted, run.Now));
        foreach (var e in run.State.Entitlements.Keys)
        {
            var probe = Story.Admit(1_000, e.Value, 100, 100);
            Assert.Equal(PoolDecisions.Decide(run.State, probe, run.Now).Events.Select(PoolScenario.Text), PoolDecisions.Decide(restarted, probe, run.Now).Events.Select(PoolScenario.Text));
        }
    });

    internal static void Holds(Action<Step[]> property) => Prop.ForAll(RandomPool.Lives, property).Check(Properties.Of(1_500));

    internal static PoolRun Live(PoolRun run, Step[] steps) => run.Take(s_beginning).Take(steps);

    private static void Balances(Account account)
    {
        Assert.False(account.Outstanding.HasNegative);
        Assert.Equal(account.Reserved, account.Settled + account.Returned + account.Expired + account.Evicted + account.Outstanding);
    }

    private static (long KvCacheBytes, int Sequences) Kept(PoolState pool, Entitlement e)
    {
        var lent = e.Terms.ServiceClass == Guaranteed ? (decimal)pool.Settings!.Lending : 0;
        var (kv, sequences) = e.IdleFloor;
        return (kv - (long)Math.Floor(lent * kv), sequences - (int)Math.Floor(lent * sequences));
    }

    private static Totals[] Books(Account account) => [account.Reserved, account.Settled, account.Returned, account.Expired, account.Evicted, default(Totals) + account.Outstanding];
}
