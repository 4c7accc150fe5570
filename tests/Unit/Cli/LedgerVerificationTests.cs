using TokenLedger.Cli.Replay;
using TokenLedger.Contracts;
using TokenLedger.Core.Pools;
using TokenLedger.Core.Scaling;

namespace TokenLedger.Tests.Unit.Cli;

/// <summary>The verification over a ledger that the pool's own decisions wrote, whole and tampered with.</summary>
public sealed class LedgerVerificationTests
{
    private static readonly PoolId s_pool = new("p");
    private static readonly EntitlementId s_entitlement = new("e");
    private static readonly DateTimeOffset s_start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Passes_what_the_pool_decided_and_reports_peaks_and_what_is_held()
    {
        var report = await VerifyAsync(Ledger());
        Assert.Null(report.Finding);
        var pool = Assert.Single(report.Pools);
        // The grant is one decision of two events: granted, and bound.
        Assert.Equal(("p", 6, 5), (pool.Pool, pool.Events, pool.Decisions));
        Assert.Equal((100, 100, 1), (pool.HeldTokens, pool.HeldKvCacheBytes, pool.HeldSequences));
        Assert.Equal((200, 2), (pool.PeakKvCacheBytes, pool.PeakSequences));
    }

    [Fact]
    public async Task Finds_an_admission_that_was_changed_afterwards()
    {
        var ledger = Ledger();
        var admitted = Assert.IsType<RequestAdmitted>(ledger[3].Data);
        ledger[3] = ledger[3] with { Data = admitted with { Reserved = admitted.Reserved with { Tokens = 1 } } };
        Assert.StartsWith("Pool p, position 4: decided again it is request-admitted.v1", (await VerifyAsync(ledger)).Finding, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Finds_an_event_that_is_missing()
    {
        var ledger = Ledger();
        ledger.RemoveAt(3);
        Assert.Equal("Pool p: version 5 follows version 3 at position 5.", (await VerifyAsync(ledger)).Finding);
    }

    [Fact]
    public async Task Finds_a_stream_that_no_pool_could_have_written()
    {
        RecordedEvent settled = new(1, "pool-p", 1, Guid.Empty, "reservation-settled.v1", s_start,
            new ReservationSettled(s_pool, new(Guid.NewGuid()), s_entitlement, 1, 1, default, default, default, 1));
        Assert.StartsWith("Pool p, position 1: ", (await VerifyAsync([settled])).Finding, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Decides_the_replicas_of_a_fleet_again()
    {
        var ledger = Scaled();
        var pool = Assert.Single((await VerifyAsync(ledger)).Pools);
        Assert.Equal((5, 1, 0), (pool.Decisions, pool.ScalingDecisions, pool.ScalingUnverified));
        var decided = (ScalingDecided)ledger[^1].Data;
        ledger[^1] = ledger[^1] with { Data = decided with { DesiredReplicas = 9 } };
        Assert.StartsWith("Pool p, position 7: decided again it is scaling-decided.v1", (await VerifyAsync(ledger)).Finding, StringComparison.Ordinal);
        ledger[^1] = ledger[^1] with { Version = 2, Data = decided };
        Assert.Equal("Fleet of pool p: version 2 follows version 0 at position 7.", (await VerifyAsync(ledger)).Finding);
    }

    [Fact]
    public async Task Reports_what_comes_first_in_the_ledger_whichever_pool_is_quicker()
    {
        var healthy = Ledger();
        // A second pool whose third event is missing, between the events of a first that goes on for long and is wrong at its end.
        List<RecordedEvent> ledger = [.. healthy.Take(3), .. Enumerable.Range(0, 2_000).Select(i => Renewed(healthy[^1], i)), healthy[^1] with { Version = 9_999 }];
        ledger.InsertRange(2, [Opened("q", 1), Opened("q", 3)]);
        ledger = [.. ledger.Select((e, i) => e with { Position = i + 1 })];
        for (var i = 0; i < 20; i++)
            Assert.Equal("Pool q: version 3 follows version 1 at position 4.", (await VerifyAsync(ledger, batch: 7)).Finding);
    }

    [Fact]
    public async Task Passes_over_streams_that_are_no_pools() =>
        Assert.Empty((await VerifyAsync([new(1, "operators", 1, Guid.Empty, "operator-key-revoked.v1", s_start, new OperatorKeyRevoked(new("k")))])).Pools);

    private static Task<ReplayReport> VerifyAsync(IReadOnlyList<RecordedEvent> ledger, int batch = 2) =>
        new LedgerVerification().RunAsync(RawEvents.Batches(ledger, batch), TestContext.Current.CancellationToken);

    private static RecordedEvent Opened(string pool, long version) =>
        new(0, "pool-" + pool, version, Guid.Empty, "pool-opened.v1", s_start, ((PoolOpened)Ledger()[0].Data) with { Pool = new(pool) });

    private static RecordedEvent Renewed(RecordedEvent like, int i) =>
        like with { Version = 4 + i, Type = "key-issued.v1", Data = new KeyIssued(s_pool, s_entitlement, new($"k{i}"), "hash") };

    /// <summary>The same, and a decision of its fleet.</summary>
    private static List<RecordedEvent> Scaled()
    {
        var (ledger, state) = (Ledger(), new ScalingState(s_pool));
        foreach (var recorded in ledger) state.Evolve(recorded);
        var at = s_start.AddSeconds(10);
        var decided = ScalingDecisions.Decide(state, new(ReadyReplicas: 1, AgeSeconds: 2, Running: 1), at)!;
        return [.. ledger, new(7, "fleet-p", 1, Guid.Empty, EventCatalogue.WireName<ScalingDecided>(), at, decided)];
    }

    /// <summary>A pool with one entitlement, two admissions of 100 tokens, and the settlement of the first.</summary>
    private static List<RecordedEvent> Ledger()
    {
        var (first, second) = (new RequestId(new Guid(1, 0, 0, new byte[8])), new RequestId(new Guid(2, 0, 0, new byte[8])));
        var capacity = new Capacity(1000, 100_000, 4);
        PoolCommand[] commands =
        [
            new ConfigurePool(new("m", 1, capacity, 1, 64, 10, 300, 1000, new(1, 1, 0.8))),
            new GrantEntitlement(s_entitlement, new(new("t"), ServiceClass.Guaranteed, 500, capacity, null, null)),
            new Admit(first, s_entitlement, 60, 40, null),
            new Admit(second, s_entitlement, 60, 40, null),
            new Settle(first, 60, 30, 99, AdmissionRecorded: true),
        ];
        var state = new PoolState(s_pool);
        var ledger = new List<RecordedEvent>();
        foreach (var command in commands)
        {
            var at = s_start.AddSeconds(ledger.Count);
            foreach (var e in PoolDecisions.Decide(state, command, at).Events)
            {
                var position = ledger.Count + 1;
                ledger.Add(new(position, "pool-p", position, Guid.Empty, EventCatalogue.Of(e.GetType()).WireName, at, e));
                PoolEvolution.Evolve(state, e, at);
            }
        }
        return ledger;
    }
}
