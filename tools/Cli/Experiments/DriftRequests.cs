namespace TokenLedger.Cli.Experiments;

/// <summary>A request of DriftSched's benchmark.</summary>
/// <param name="SentAt">Seconds from the beginning of its phase.</param>
/// <param name="Tier">0 premium, 1 standard, 2 batch.</param>
/// <param name="Cap">The longest answer of its class, in tokens.</param>
internal sealed record DriftRequest(int Number, int Phase, double SentAt, string Workload, int Tier, long InputTokens, long Cap, long OutputTokens);

/// <summary>DriftSched's benchmark (arXiv 2606.02982): 1,000 requests of mostly short answers and then 2,000 of mostly long ones, much quicker than they can be served.</summary>
internal static class DriftRequests
{
    private static readonly (string Workload, long Cap)[] s_classes = [("short_qa", 64), ("summary", 256), ("technical", 384), ("report", 512)];

    private static readonly DriftPhase[] s_phases =
    [
        new(1_000, [40, 25, 25, 10], 0.05, 0.15),
        new(2_000, [10, 20, 40, 30], 0.005, 0.03),
    ];

    public static int Phases => s_phases.Length;

    public static IReadOnlyList<string> Tiers { get; } = ["premium", "standard", "batch"];

    public static IReadOnlyList<DriftRequest> Draw(int seed)
    {
        var (random, requests) = (new Random(seed), new List<DriftRequest>());
        foreach (var (index, phase) in s_phases.Index())
        {
            var at = 0.0;
            for (var i = 0; i < phase.Requests; i++)
            {
                at += phase.ShortestGap + (phase.LongestGap - phase.ShortestGap) * random.NextDouble();
                var (workload, cap) = s_classes[Pick(random.Next(100), phase.Mix)];
                var output = (long)Math.Round(cap * (0.8 + 0.05 * Normal(random)));
                requests.Add(new(requests.Count, index, at, workload, random.Next(Tiers.Count), random.NextInt64(5, 21), cap, Math.Clamp(output, 1, cap)));
            }
        }
        return requests;
    }

    private static int Pick(int percent, int[] mix)
    {
        var picked = 0;
        while (percent >= mix[picked]) percent -= mix[picked++];
        return picked;
    }

    private static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    private sealed record DriftPhase(int Requests, int[] Mix, double ShortestGap, double LongestGap);
}
