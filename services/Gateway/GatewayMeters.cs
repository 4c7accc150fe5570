using System.Diagnostics.Metrics;
using TokenLedger.Contracts;

namespace TokenLedger.Gateway;

/// <summary>Counts requests by how they ended and attempts by what became of them, and how far the estimates of inputs were off.</summary>
internal sealed class GatewayMeters
{
    private static readonly double[] s_ratios = [0.25, 0.5, 0.7, 0.8, 0.9, 0.95, 1.05, 1.1, 1.2, 1.3, 1.5, 2, 4];
    private readonly Meter _meter;
    private readonly Counter<long> _requests;
    private readonly Counter<long> _attempts;
    private readonly Counter<long> _recovered;
    private readonly Histogram<double> _estimates;

    public GatewayMeters(IMeterFactory meters)
    {
        _meter = meters.Create("TokenLedger.Gateway");
        _requests = _meter.CreateCounter<long>("tokenledger.gateway.requests", "{request}", "Requests by how they ended.");
        _attempts = _meter.CreateCounter<long>("tokenledger.gateway.attempts", "{attempt}", "Requests sent to inference servers, by what became of them.");
        _recovered = _meter.CreateCounter<long>("tokenledger.gateway.ends_recovered", "{request}", "Ends that a server was asked for after the lease of the request had run out.");
        _estimates = _meter.CreateHistogram<double>("tokenledger.gateway.input_estimate_ratio", "1", "Estimated over exact input tokens.", tags: null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = s_ratios });
    }

    public void Queue(Func<int> length) => _meter.CreateObservableGauge("tokenledger.gateway.reports_waiting", length, "{report}", "Usage reports that wait in the background.");

    public void Request(PoolId pool, string outcome) => _requests.Add(1, new("pool", pool.Value), new("outcome", outcome));

    public void Attempt(PoolId pool, string result) => _attempts.Add(1, new("pool", pool.Value), new("result", result));

    public void Recovered(PoolId pool) => _recovered.Add(1, new KeyValuePair<string, object?>("pool", pool.Value));

    public void Estimated(PoolId pool, double ratio) => _estimates.Record(ratio, new KeyValuePair<string, object?>("pool", pool.Value));
}
