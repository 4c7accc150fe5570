using TokenLedger.Contracts;
using TokenLedger.Core.Pools;
using static TokenLedger.Tests.Unit.Core.Story;

namespace TokenLedger.Tests.Unit.Core;

/// <summary>Events that no decision makes: the books refuse what would not balance, also while other reservations could cover it.</summary>
public sealed class ConservationTests
{
    private static readonly EntitlementId s_e = new("e");

    public static TheoryData<string, ILedgerEvent> WrongEvents => new()
    {
        { "settles more than is held", new ReservationSettled(PoolScenario.Pool, Id(1), s_e, 60, 40, new(101, 100, 1), default, default, 1) },
        { "settles less than is held", new ReservationSettled(PoolScenario.Pool, Id(1), s_e, 60, 30, new(90, 90, 1), default, default, 1) },
        { "settles with a negative amount", new ReservationSettled(PoolScenario.Pool, Id(1), s_e, 60, 40, new(-1, 100, 1), new(101, 0, 0), default, 1) },
        { "returns a byte too little", new ReservationReleased(PoolScenario.Pool, Id(1), s_e, new(100, 99, 1)) },
        { "expires with the sequence left behind", new ReservationExpired(PoolScenario.Pool, Id(1), s_e, new(100, 100, 0)) },
        { "evicts two sequences of one", new ReservationEvicted(PoolScenario.Pool, Id(1), s_e, new(100, 100, 2), Id(9)) },
        { "releases more prefill than there is", new PrefillReleased(PoolScenario.Pool, Id(1), s_e, 101) },
        { "releases a negative prefill", new PrefillReleased(PoolScenario.Pool, Id(1), s_e, -1) },
        { "ends what was never admitted", new ReservationReleased(PoolScenario.Pool, Id(7), s_e, new(100, 100, 1)) },
        { "renews what was never admitted", new ReservationRenewed(PoolScenario.Pool, Id(7), s_e, PoolScenario.Start) },
        { "admits a negative amount", new RequestAdmitted(PoolScenario.Pool, Id(3), s_e, new("t"), 0, 0, null, 0, new(-1, 0, 1), 1, PoolScenario.Start) },
    };

    [Theory]
    [MemberData(nameof(WrongEvents))]
    public void Refuses_an_event_that(string what, ILedgerEvent wrong)
    {
        var pool = Elastic().Given(Admit(1, "e", 60, 40), Admit(2, "e", 60, 40));
        var refused = Assert.Throws<ConservationException>(() => pool.Force(wrong));
        Assert.False(string.IsNullOrEmpty(refused.Message), what);
    }

    [Fact]
    public void Refuses_a_second_end()
    {
        var pool = Elastic().Given(Admit(1, "e", 60, 40), Admit(2, "e", 60, 40));
        var end = new ReservationReleased(PoolScenario.Pool, Id(1), s_e, new(100, 100, 1));
        pool.Force(end);
        Assert.Throws<ConservationException>(() => pool.Force(end));
    }
}
