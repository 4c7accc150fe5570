using TokenLedger.Cli.Experiments;
using TokenLedger.Cli.Simulation;
using TokenLedger.Contracts;

namespace TokenLedger.Tests.Unit.Simulation;

/// <summary>The scaling experiment in small: one load, and the figures made of runs by hand.</summary>
public sealed class ScalingTests
{
    private const string Load = "failure";

    [Fact]
    public void Meets_its_targets_when_replicas_fail()
    {
        var experiment = new Scaling(traces: null, Load);
        var outcome = ExperimentRunner.Run(experiment, experiment.Variants, seeds: 1, () => { }, TestContext.Current.CancellationToken);
        Assert.Contains(outcome.Rows, row => row.Name == $"scaling/ours@{Load}/flaps" && row.Ok == true);
        Assert.All(outcome.Rows, row => Assert.False(row.Ok is false, $"{row.Name} is {row.Value}, and not {row.Rule}."));
        Assert.Equal(["scaling-failure", "scaling-mix-shift"], experiment.Draw(outcome.First).Select(picture => picture.File));
    }

    /// <summary>Input-heavy demand has more prefill and less decode; the ratio that conversation needs would have to grow both.</summary>
    [Fact]
    public void Moves_replicas_to_the_side_that_the_mix_needs()
    {
        var (ours, ratio) = (SidesRun.Play(SidesRun.FollowsMix, 1), SidesRun.Play(SidesRun.KeepsRatio, 1));
        var (before, after) = (ours.Samples[599], ours.Samples[^1]);
        Assert.True(before.Decode > 4 * before.Prefill && after.Prefill > after.Decode, $"{before} and {after}");
        Assert.True(ours.GpuHours < 0.6 * ratio.GpuHours, $"{ours.GpuHours} and {ratio.GpuHours}");
    }

    [Fact]
    public void Counts_a_fall_between_two_rises_within_the_window_as_a_flap()
    {
        Assert.Equal(0, Run((0, 4), (10, 5), (320, 4), (330, 5)).Flaps(300));
        Assert.Equal(1, Run((0, 4), (10, 5), (100, 4), (110, 5)).Flaps(300));
        Assert.Equal(1, Run((0, 4), (10, 5), (20, 6), (100, 5), (105, 4), (110, 5)).Flaps(300));
        Assert.Equal(0, Run((0, 4), (10, 3), (20, 2), (30, 3)).Flaps(300));
    }

    /// <summary>Stopped replicas end what they have before their slots go; those that fail lose it.</summary>
    [Fact]
    public void Drains_before_a_replica_goes()
    {
        var scenario = new Scaling(null, Load).Variants[0].Scenario with { Fleet = new(() => new Stepped(), StartUpSeconds: 10), Seconds = 300 };
        var run = SimulationRun.Play(scenario, 1);
        Assert.Equal([7, 9, 3], run.Fleet.Select(sample => sample.Desired).Distinct());
        Assert.Equal((7, 9), (run.Fleet.First(sample => sample.Desired == 9).Ready, run.Fleet.First(sample => sample.Desired == 9).Paid));
        Assert.Contains(run.Fleet, sample => sample is { Desired: 3, Ready: 3, Paid: > 3 });
        Assert.Equal(0, run.WastedTokens);
    }

    /// <summary>The rows that the experiment has.</summary>
    internal static IEnumerable<string> Rows()
    {
        var (whole, one) = (new Scaling(traces: null), new Scaling(traces: null, Load));
        var figures = ExperimentRunner.Run(one, one.Variants, seeds: 1, () => { }, TestContext.Current.CancellationToken).Rows.Select(row => row.Name).ToList();
        return figures.Concat(figures.SelectMany(row => whole.Patterns.Select(pattern => row.Replace("@" + Load, "@" + pattern.Name, StringComparison.Ordinal))));
    }

    private static RunLog Run(params (double At, int Desired)[] steps)
    {
        var run = new RunLog(new Scaling(null, Load).Variants[0].Scenario, 1);
        foreach (var (at, desired) in steps) run.Fleet.Add(new(at, desired, desired, desired));
        return run;
    }

    private sealed class Stepped : FleetPolicy
    {
        public override int Decide(FleetSight sight, Action<ILedgerEvent> append) => (sight.At - VirtualClock.Epoch).TotalSeconds switch { < 50 => 7, < 150 => 9, _ => 3 };
    }
}
