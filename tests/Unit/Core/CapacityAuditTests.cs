using TokenLedger.Contracts;
using TokenLedger.Core.Pools;
using TokenLedger.Core.Replay;
using static TokenLedger.Tests.Unit.Core.Story;

namespace TokenLedger.Tests.Unit.Core;

/// <summary>The audit counts by itself: it finds what a pool should never have admitted, and does not cry wolf.</summary>
public sealed class CapacityAuditTests
{
    [Fact]
    public void Finds_one_sequence_too_many()
    {
        var history = Elastic().Given([.. Enumerable.Range(1, 10).Select(i => Admit(i, "e", 1))]).History.ToList();
        history.Add(Admission(11, "e", new(1, 1, 1), history[^1].Timestamp));
        Assert.Equal(new AuditFinding(99, "sequences", 11, 10), Audit(history));
    }

    [Fact]
    public void Finds_one_byte_too_many()
    {
        var history = Elastic().Given(Admit(1, "e", 10_000)).History.ToList();
        history.Add(Admission(2, "e", new(0, 1, 1), history[^1].Timestamp));
        Assert.Equal(new AuditFinding(99, "kvCacheBytes", 10_001, 10_000), Audit(history));
    }

    [Fact]
    public void Finds_an_admission_while_the_bucket_is_in_debt()
    {
        var history = Elastic().Given(Admit(1, "e", 1_500)).History.ToList();
        Assert.Equal("tokens", Audit([.. history, Admission(2, "e", new(10, 10, 1), PoolScenario.Start.AddSeconds(4.9))])!.Dimension);
        Assert.Null(Audit([.. history, Admission(2, "e", new(10, 10, 1), PoolScenario.Start.AddSeconds(5))]));
    }

    [Fact]
    public void Finds_an_admission_above_capacity_that_was_lost()
    {
        var history = Elastic().Given(Admit(1, "e", 1), new ApplyCapacity(0, 1)).History.ToList();
        Assert.Equal(new AuditFinding(99, "sequences", 2, 0), Audit([.. history, Admission(2, "e", new(1, 1, 1), PoolScenario.Start)]));
    }

    [Fact]
    public void Does_not_mistake_the_debt_of_a_floor_for_an_over_admission_of_the_surplus()
    {
        var pool = AllClasses().Given(Admit(1, "g", 3_000), Admit(2, "s", 100));
        Assert.Null(Audit(pool.History));
    }

    [Fact]
    public void Does_not_mistake_lost_capacity_for_an_over_admission()
    {
        var pool = new PoolScenario().Given(Configure(replicas: 2, most: 2), Grant("e", ServiceClass.Elastic));
        for (var i = 1; i <= 15; i++) pool.Given(Admit(i, "e", 10));
        Assert.Null(Audit(pool.Given(new ApplyCapacity(1, 1), Release(1, "e")).History));
    }

    [Fact]
    public void Reports_peaks_what_is_held_and_the_deepest_debt()
    {
        var audit = new CapacityAudit(PoolScenario.Pool);
        foreach (var recorded in Elastic().Given(Admit(1, "e", 300), Admit(2, "e", 100), Settle(1, 1_100, 0)).At(1).Given(Admit(3, "e", 0)).History)
            Assert.Null(audit.Take(recorded));
        Assert.Equal((new Resources(100, 100, 2), 400L, 2, -100m), (audit.Held, audit.PeakKvCacheBytes, audit.PeakSequences, audit.LowestTokens));
    }

    private static RecordedEvent Admission(int request, string entitlement, Resources reserved, DateTimeOffset at) => new(
        99, "pool-p", 99, Guid.Empty, "request-admitted.v1", at,
        new RequestAdmitted(PoolScenario.Pool, Id(request), new(entitlement), new("tenant"), reserved.Tokens, 0, null, 0, reserved, 1, at.AddSeconds(300)));

    private static AuditFinding? Audit(IEnumerable<RecordedEvent> history)
    {
        var audit = new CapacityAudit(PoolScenario.Pool);
        return history.Select(audit.Take).FirstOrDefault(finding => finding is not null);
    }
}
