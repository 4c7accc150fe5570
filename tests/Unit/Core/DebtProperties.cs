using FsCheck;
using FsCheck.Fluent;
using TokenLedger.Core.Fairness;

namespace TokenLedger.Tests.Unit.Core;

/// <summary>What holds for debt whatever happens to an entitlement.</summary>
public sealed class DebtProperties
{
    private const double Baseline = 75;

    /// <summary>Ticks: demand in tokens/s, and the part of the capacity that was received; at most four times the baseline.</summary>
    private static readonly Arbitrary<(int Demand, int Received)[]> s_ticks =
        Gen.ArrayOf(Gen.Choose(0, 1_000).Zip(Gen.Choose(0, 4 * (int)Baseline), (demand, received) => (demand, received))).ToArbitrary();

    /// <summary>Gaps are at most 1 and at least −(received − λ)/λ − 1; an average of them is within them.</summary>
    [Fact]
    public void Stays_within_the_gaps_it_averages() => Prop.ForAll(s_ticks, ticks =>
    {
        var (debt, least) = (0.0, 0.0);
        foreach (var (demand, received) in ticks)
        {
            var gap = Debt.Gap(Baseline, demand, received);
            debt = Debt.Next(debt, gap);
            least = Math.Min(least, gap);
            Assert.InRange(gap, -4, 1);
            Assert.InRange(debt, least, 1);
        }
    }).Check(Properties.Of(3_000));

    [Fact]
    public void Dies_away_without_demand() => Prop.ForAll(s_ticks, ticks =>
    {
        var debt = ticks.Aggregate(0.0, (debt, tick) => Debt.Next(debt, Debt.Gap(Baseline, tick.Demand, tick.Received)));
        for (var i = 0; i < 20; i++)
        {
            var next = Debt.Next(debt, Debt.Gap(Baseline, demand: 0, received: 0));
            Assert.True(debt == 0 ? next == 0 : Math.Abs(next) < Math.Abs(debt), $"{next} after {debt}");
            debt = next;
        }
        Assert.InRange(debt, -0.004, 0.001);
    }).Check(Properties.Of(3_000));
}
