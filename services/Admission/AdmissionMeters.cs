using System.Diagnostics.Metrics;
using TokenLedger.Admission.Endpoints;
using TokenLedger.Admission.Pools;
using TokenLedger.Contracts;
using TokenLedger.Core.Pools;
using TokenLedger.Hosting.Access;

namespace TokenLedger.Admission;

/// <summary>Counts admissions by pool, entitlement and outcome, and shows how long the pools' queues are.</summary>
internal sealed class AdmissionMeters
{
    private static readonly double[] s_seconds = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600];
    private readonly Counter<long> _admissions;
    private readonly Counter<long> _tokens;
    private readonly Histogram<double> _waits;
    private readonly Counter<long> _shadowDenials;
    private readonly LimitsAge _limits;

    public AdmissionMeters(IMeterFactory meters, PoolWriters pools, LedgerDirectory directory, LimitsAge limits)
    {
        _limits = limits;
        var meter = meters.Create("TokenLedger.Admission");
        _admissions = meter.CreateCounter<long>("tokenledger.admissions", "{request}", "Admissions asked for, by outcome.");
        _tokens = meter.CreateCounter<long>("tokenledger.admission.tokens", "{token}", "Expected tokens of admissions, by outcome.");
        _shadowDenials = meter.CreateCounter<long>("tokenledger.admission.shadow_denials", "{request}", "Admissions in shadow mode that a rule would have refused, by reason.");
        meter.CreateObservableGauge("tokenledger.admission.queue",
            () => directory.Pools.Select(pool => new Measurement<int>(pools.QueueLength(pool), new KeyValuePair<string, object?>("pool", pool.Value))),
            "{request}", "Requests that wait for a pool's writer.");
        meter.CreateObservableGauge("tokenledger.admission.waiting",
            () => directory.Pools.Select(pool => new Measurement<int>(pools.Waiting(pool), new KeyValuePair<string, object?>("pool", pool.Value))),
            "{request}", "Requests that wait for capacity.");
        _waits = meter.CreateHistogram<double>("tokenledger.admission.wait", "s", "How long requests waited for capacity, by what became of them.",
            tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = s_seconds });
        meter.CreateObservableGauge("tokenledger.admission.limits_age",
            () => limits.Ages.Select(one => new Measurement<double>(one.Age.TotalSeconds, new KeyValuePair<string, object?>("pool", one.Pool.Value))),
            "s", "How long a pool has decided requests without word from Fairness; nothing for pools that have not since its last word.");
    }

    /// <summary>The client went while it waited.</summary>
    public void CountAbandoned(InferenceCaller caller, TimeSpan waited) => _waits.Record(waited.TotalSeconds, new("pool", caller.Pool.Value), new("outcome", "abandoned"));

    public void Count(InferenceCaller caller, PoolReply? reply)
    {
        var (outcome, tokens) = reply?.Answer switch
        {
            Admitted a => ("admitted", a.Event.Reserved.Tokens),
            Denied d => (Refusals.Word(d.Event.Reason), d.Event.Tokens),
            Recorded => ("repeated", 0),
            Stopping => ("stopping", 0),
            _ => ("rejected", 0),
        };
        KeyValuePair<string, object?> pool = new("pool", caller.Pool.Value), entitlement = new("entitlement", caller.Entitlement.Value), result = new("outcome", outcome);
        _admissions.Add(1, pool, entitlement, result);
        if (reply?.Answer is Admitted or Denied { Event.Reason: not DenialReason.NeverFits }) _limits.Decided(caller.Pool);
        if (tokens > 0) _tokens.Add(tokens, pool, entitlement, result);
        if (reply?.Waited is { } waited) _waits.Record(waited.TotalSeconds, pool, result);
        if (reply?.Answer is Admitted { Event.ShadowDenial: { } shadow }) _shadowDenials.Add(1, pool, entitlement, new("reason", Refusals.Word(shadow)));
    }
}
