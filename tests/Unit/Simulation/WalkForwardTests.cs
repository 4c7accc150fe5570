using TokenLedger.Cli.Experiments;
using TokenLedger.Cli.Traces;

namespace TokenLedger.Tests.Unit.Simulation;

/// <summary>Estimates on traces that nobody has seen: answers of every kind of distribution, drift and dependence on the question.</summary>
public sealed class WalkForwardTests
{
    /// <summary>Where answers have no pattern nothing beats the mean itself, and finding that out costs this.</summary>
    private const double Price = 1.01;

    private static readonly Dictionary<string, Func<Random, int, long, double>> s_kinds = new()
    {
        ["constant"] = (_, _, _) => 200,
        ["uniform"] = (random, _, _) => 1 + 600 * random.NextDouble(),
        ["normal"] = (random, _, _) => 300 + 60 * Normal(random),
        ["exponential"] = (random, _, _) => -150 * Math.Log(1 - random.NextDouble()),
        ["heavy tail"] = (random, _, _) => 20 * Math.Pow(1 - random.NextDouble(), -1 / 1.2),
        ["two kinds at random"] = (random, _, _) => random.Next(2) == 0 ? 20 : 500,
        ["slow rise"] = (random, i, _) => 50 + 0.1 * i + 20 * Normal(random),
        ["steps"] = (random, i, _) => (i / 500 % 2 == 0 ? 600 : 100) + 20 * Normal(random),
        ["slow wave"] = (random, i, _) => 300 + 200 * Math.Sin(i / 100.0) + 30 * Normal(random),
        ["quick wave"] = (random, i, _) => 300 + 200 * Math.Sin(i / 25.0) + 30 * Normal(random),
        ["as long as the question"] = (random, _, input) => 0.5 * input * (0.8 + 0.4 * random.NextDouble()),
        ["the longer the question the shorter"] = (random, _, input) => 50_000.0 / (input + 50) * (0.8 + 0.4 * random.NextDouble()),
        ["DriftSched's own factor"] = (random, _, input) => 200 * Math.Min(1.5, 1 + input / 1000.0) * (1 + 0.1 * Normal(random)),
    };

    public static TheoryData<string> Kinds => [.. s_kinds.Keys];

    [Theory, MemberData(nameof(Kinds))]
    public void Are_no_worse_than_the_better_of_the_running_mean_and_DriftSched(string kind)
    {
        var errors = Forecast.All().ToDictionary(forecast => forecast.Name, forecast => WalkForward.Play(Trace(kind, seed: 7), forecast).MeanAbsoluteError);
        Assert.True(errors["ours"] <= Price * Math.Min(errors["mean"], errors["ema"]), string.Join(", ", errors));
    }

    [Theory, MemberData(nameof(Kinds))]
    public void Cover_what_they_promise_in_every_window(string kind)
    {
        if (kind is "constant" or "two kinds at random") return; // Whatever covers one answer covers all, or half.
        var covered = WalkForward.Play(Trace(kind, seed: 11), Forecast.All().Single(forecast => forecast.Name == "ours")).Coverages.ToList();
        Assert.Equal(3, covered.Count);
        Assert.All(covered, share => Assert.InRange(share, 88.5, 91.5));
    }

    [Fact]
    public void Learn_only_from_what_has_completed()
    {
        // The second comes while the first still runs, and after a long silence the third knows both.
        TraceRow[] rows = [Row(0, 0, 1_000, 985), Row(1, 5, 1_000, 985), Row(2, 500, 1_000, 985)];
        var mean = WalkForward.Play(rows, Forecast.All().Single(forecast => forecast.Name == "mean"));
        Assert.Equal((985 - 256) * 2 / 3.0, mean.MeanAbsoluteError, 6);
        Assert.Equal(10.08, WalkForward.ServiceSeconds(rows[0]), 2);
    }

    [Fact]
    public void Reserve_the_limit_until_enough_is_known()
    {
        var rows = Enumerable.Range(0, 40).Select(i => Row(i, i * 60, 100, 50)).ToList();
        var played = WalkForward.Play(rows, Forecast.All().Single(forecast => forecast.Name == "ours"));
        Assert.InRange(played.Unused, 32 * (Forecast.OutputLimit - 50), 32 * (Forecast.OutputLimit - 50) + 8 * 50);
    }

    private static List<TraceRow> Trace(string kind, int seed)
    {
        var random = new Random(seed);
        var (rows, at) = (new List<TraceRow>(), 0.0);
        for (var i = 0; i < 6_000; i++)
        {
            at -= Math.Log(1 - random.NextDouble()) / 3.5;
            var input = 1 + (long)Math.Exp(6 + Normal(random));
            rows.Add(Row(i, at, input, (long)Math.Clamp(s_kinds[kind](random, i, input), 1, Forecast.OutputLimit)));
        }
        return [.. rows.Where(row => row.Arrival.TotalSeconds < 3 * WalkForward.WindowSeconds)];
    }

    private static TraceRow Row(int number, double second, long input, long output) => new("made", number + 1, TimeSpan.FromSeconds(second), input, output);

    private static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
