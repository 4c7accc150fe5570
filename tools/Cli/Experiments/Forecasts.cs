using TokenLedger.Cli.Traces;
using TokenLedger.Contracts;
using TokenLedger.Core.Estimation;

namespace TokenLedger.Cli.Experiments;

/// <summary>A way to tell how long an answer will be, from nothing but answers that have ended.</summary>
internal abstract class Forecast(string name)
{
    /// <summary>The output limit of every request, as a pool has it that is told none.</summary>
    public const long OutputLimit = 1024;

    public string Name => name;

    /// <summary>What is expected, in tokens.</summary>
    public abstract double Typical(TraceRow row);

    /// <summary>What is reserved, in tokens: the expectation, where nothing better is known.</summary>
    public virtual long Reserves(TraceRow row) => Math.Clamp((long)Math.Ceiling(Typical(row)), 1, OutputLimit);

    public abstract void Learn(TraceRow row, long reserved);

    /// <summary>One of each, which have learned nothing yet.</summary>
    public static IReadOnlyList<Forecast> All() => [new Fixed("limit", OutputLimit), new Fixed("static", DriftEstimate.DefaultBase), new DriftSched(), new RunningMean(), new Ours()];

    private sealed class Fixed(string name, long tokens) : Forecast(name)
    {
        public override double Typical(TraceRow row) => tokens;

        public override void Learn(TraceRow row, long reserved) { }
    }

    private sealed class DriftSched() : Forecast("ema")
    {
        private readonly DriftEstimate _estimate = new(workload: null);

        public override double Typical(TraceRow row) => _estimate.Of(row.InputTokens);

        public override void Learn(TraceRow row, long reserved) => _estimate.Learn(row.OutputTokens);
    }

    private sealed class RunningMean() : Forecast("mean")
    {
        private long _count;
        private long _sum;

        public override double Typical(TraceRow row) => _count == 0 ? DriftEstimate.DefaultBase : (double)_sum / _count;

        public override void Learn(TraceRow row, long reserved) => (_count, _sum) = (_count + 1, _sum + row.OutputTokens);
    }

    /// <summary>As a pool does with the default settings.</summary>
    private sealed class Ours() : Forecast("ours")
    {
        private static readonly TenantId s_tenant = new("trace");
        private static readonly EstimationBounds s_bounds = new();
        private readonly OutputEstimates _estimates = new();

        private static long Quantile => (long)Math.Round(s_bounds.Quantile * OutputEstimates.One);

        private bool IsReady => _estimates.Learned >= s_bounds.MinSamples;

        public override double Typical(TraceRow row) => _estimates.Typical(s_tenant, null, row.InputTokens);

        public override long Reserves(TraceRow row) => IsReady ? Math.Min(OutputLimit, _estimates.Upper(s_tenant, null, row.InputTokens, Quantile)) : OutputLimit;

        public override void Learn(TraceRow row, long reserved) =>
            _estimates.Learn(s_tenant, null, row.InputTokens, row.OutputTokens, IsReady ? row.OutputTokens <= reserved : null, Quantile);
    }
}
