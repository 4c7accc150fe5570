using TokenLedger.Cli.Simulation;
using TokenLedger.Cli.Traces;
using TokenLedger.Contracts;

namespace TokenLedger.Cli.Experiments;

/// <summary>A load on a pool of changing size.</summary>
/// <param name="Start">Replicas at the beginning.</param>
/// <param name="Most">Replicas that the pool may have: enough for the peak.</param>
internal sealed record LoadPattern(string Name, double Seconds, int Start, int Most, IReadOnlyList<Tenant> Tenants)
{
    public double StartUpSeconds { get; init; } = 60;
    public IReadOnlyList<ReplicaFailure>? Failures { get; init; }

    /// <summary>Tokens of KV cache for each batch slot.</summary>
    public long KvPerSequence { get; init; } = LoadPatterns.KvPerSequence;
}

/// <summary>The patterns, with rates in requests a second; a replica serves 1.5625 requests of 256 + 256 tokens a second.</summary>
internal static class LoadPatterns
{
    public const int Sequences = 16;
    public const long TokensPerSecond = 800;
    public const long KvPerSequence = 512;
    public const double PerReplica = TokensPerSecond / 512.0;

    /// <summary>What guaranteed tenants are promised, in replicas.</summary>
    public const int Promised = 2;
    public const long GuaranteedTargetMs = 1_000;
    public const long ElasticTargetMs = 3_000;
    private const long AzureKvPerSequence = 4_096;
    private const long CodingTargetMs = 4_000;
    private const double Day = 3_600;

    /// <summary>A day in an hour: nights at 2.5 requests a second, a peak of 14 in the morning and one of 17 in the evening.</summary>
    public static double DailyRate(double second)
    {
        double Peak(double at, double width) => Math.Exp(-Math.Pow((second / Day * 24 - at) / width, 2));
        return 2.5 + 11.5 * Peak(10, 2.5) + 14.5 * Peak(19, 2);
    }

    /// <summary>Three requests a second, and five times as many from 600 s on for 600 s, reached within 10 s.</summary>
    public static double FlashRate(double second) => 3 * (1 + 4 * Math.Clamp((second - 600) / 10, 0, 1) * Math.Clamp((1_210 - second) / 10, 0, 1));

    public static IReadOnlyList<LoadPattern> All { get; } =
    [
        Of("daily", Day, 4, 16, DailyRate),
        Of("flash", 1_800, 4, 16, FlashRate),
        Of("daily-180", Day, 4, 16, DailyRate) with { StartUpSeconds = 180 },
        Of("flash-180", 1_800, 4, 16, FlashRate) with { StartUpSeconds = 180 },
        Shift(),
        Of("failure", 1_200, 7, 16, _ => 8) with { Failures = [new(600, 3)] },
    ];

    /// <summary>The hours of the two Azure traces, as they are and at three times the rate.</summary>
    public static IEnumerable<LoadPattern> Azure(DirectoryInfo traces)
    {
        foreach (var (name, file, start) in (IEnumerable<(string, string, int)>)[("azure-code", "azure-llm-2023-code.csv", 10), ("azure-conv", "azure-llm-2023-conv.csv", 12)])
        {
            var rows = TraceFile.Open(Path.Combine(traces.FullName, file)).Rows;
            var first = rows.Min(row => row.Arrival);
            foreach (var (times, suffix) in (IEnumerable<(int, string)>)[(1, ""), (3, "-x3")])
            {
                // The same requests again, a few seconds later each time: more users of the same kind.
                var arrivals = Enumerable.Range(0, times).SelectMany(copy => rows.Select(row => new RecordedArrival((row.Arrival - first).TotalSeconds + 7.3 * copy, row.InputTokens, row.OutputTokens)))
                    .OrderBy(arrival => arrival.At).ToList();
                yield return new(name + suffix, Day, times * start, times * 3 * start, [Guaranteed(), Elastic("trace", new Recorded(arrivals)), Spot()]) { KvPerSequence = AzureKvPerSequence };
            }
        }
    }

    private static LoadPattern Of(string name, double seconds, int start, int most, Func<double, double> rate) =>
        new(name, seconds, start, most, [Guaranteed(), Elastic("elastic", new VaryingLoop(rate, 18)), Spot()]);

    /// <summary>Conversation (256 + 256) gives way to coding (768 + 64) between 600 and 900 s: the requests stay as many, the tokens grow by three fifths.</summary>
    private static LoadPattern Shift()
    {
        static double Coding(double second) => Math.Clamp((second - 600) / 300, 0, 1);
        return new("shift", 1_800, 9, 20,
        [
            Guaranteed(), Elastic("conversation", new VaryingLoop(second => 8 * (1 - Coding(second)), 8)),
            Elastic("coding", new VaryingLoop(second => 8 * Coding(second), 8)) with { Input = new(512, 1_024), Output = new(32, 96), SloTargetMs = CodingTargetMs }, Spot(),
        ]);
    }

    /// <summary>Half of its promise on average, and never beyond its limits but by chance.</summary>
    private static Tenant Guaranteed() => new("guaranteed", ServiceClass.Guaranteed, new(Promised * TokensPerSecond, Promised * Sequences * KvPerSequence, Promised * Sequences), GuaranteedTargetMs, new OpenLoop(1.2))
    {
        Input = new(128, 384),
        Output = new(128, 384),
        Retries = Retries.AfterRetryAfter with { PatienceSeconds = 20 },
    };

    private static Tenant Elastic(string name, Arrivals arrivals) => new(name, ServiceClass.Elastic, new(TokensPerSecond, Sequences * KvPerSequence, Sequences), ElasticTargetMs, arrivals)
    {
        Input = new(128, 384),
        Output = new(128, 384),
        WaitMs = 10_000,
        Retries = Retries.None,
    };

    /// <summary>Wants little and is served from what is left.</summary>
    private static Tenant Spot() => new("spot", ServiceClass.Spot, default, 30_000, new OpenLoop(0.4)) { Input = new(128, 384), Output = new(128, 384) };
}
