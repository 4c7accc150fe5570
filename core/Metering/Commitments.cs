using TokenLedger.Contracts;

namespace TokenLedger.Core.Metering;

/// <summary>One hour (UTC) of an entitlement.</summary>
public readonly record struct CommitmentHour(PoolId Pool, EntitlementId Entitlement, DateTimeOffset Hour)
{
    public static DateTimeOffset HourOf(DateTimeOffset time) => new(time.UtcTicks - time.UtcTicks % TimeSpan.TicksPerHour, TimeSpan.Zero);
}

/// <summary>An hour's committed tokens, and whose they are by the last terms that held in it.</summary>
public readonly record struct CommittedTokens(long Tokens, TenantId Tenant, ServiceClass ServiceClass);

/// <summary>What baselines commit, hour by hour: λ · the seconds of the hour in which the entitlement was granted and valid, by the terms as they were recorded.</summary>
public sealed class Commitments
{
    /// <summary>Tokens that an hour commits at most: beyond any pool there is, and its cost for a year stays within 64 bits.</summary>
    public const long MostTokens = 1_000_000_000_000;

    private readonly Dictionary<(PoolId Pool, EntitlementId Entitlement), List<Segment>> _terms = [];
    private readonly Dictionary<PoolId, List<(DateTimeOffset From, string Model)>> _models = [];

    public void Evolve(ILedgerEvent data, DateTimeOffset at)
    {
        switch (data)
        {
            case PoolOpened e: SetModel(e.Pool, e.Settings.Model, at); break;
            case PoolReconfigured e: SetModel(e.Pool, e.Settings.Model, at); break;
            case EntitlementGranted e: Add(e.Pool, e.Entitlement, e.Terms, at); break;
            case EntitlementAmended e: Add(e.Pool, e.Entitlement, e.Terms, at); break;
            case EntitlementRevoked e: Add(e.Pool, e.Entitlement, null, at); break;
        }
    }

    /// <summary>The committed tokens of an hour, as far as the ledger was read; null when the hour commits none.</summary>
    public CommittedTokens? Of(in CommitmentHour hour) =>
        _terms.TryGetValue((hour.Pool, hour.Entitlement), out var segments) ? Of(segments, hour.Hour) : null;

    /// <summary>The hours before <paramref name="to"/>, and not before <paramref name="from"/>, that commit something.</summary>
    public IEnumerable<(CommitmentHour Hour, CommittedTokens Committed)> Between(DateTimeOffset from, DateTimeOffset to)
    {
        foreach (var ((pool, entitlement), segments) in _terms)
        {
            if (!segments.Exists(segment => segment.Rate > 0)) continue;
            var first = CommitmentHour.HourOf(segments[0].From);
            for (var hour = first > from ? first : from; hour < to; hour = hour.AddHours(1))
                if (Of(segments, hour) is { } committed) yield return (new(pool, entitlement, hour), committed);
        }
    }

    /// <summary>The model that a pool served when an hour ended.</summary>
    public string? ModelAt(PoolId pool, DateTimeOffset hour)
    {
        string? model = null;
        foreach (var (from, name) in _models.GetValueOrDefault(pool, []))
            if (from < hour.AddHours(1)) model = name;
        return model;
    }

    /// <summary>The terms of an entitlement as they were last recorded; null when it is revoked or never was.</summary>
    public EntitlementTerms? TermsOf(PoolId pool, EntitlementId entitlement) => _terms.TryGetValue((pool, entitlement), out var segments) ? segments[^1].Terms : null;

    /// <summary>The entitlements that have a budget.</summary>
    public IEnumerable<(PoolId Pool, EntitlementId Entitlement)> Budgeted => _terms.Where(pair => pair.Value[^1].Terms?.Budget is not null).Select(pair => pair.Key);

    private static CommittedTokens? Of(List<Segment> segments, DateTimeOffset hour)
    {
        var end = hour.AddHours(1);
        EntitlementTerms? last = null;
        Int128 tokenTicks = 0;
        for (var i = segments.Count - 1; i >= 0; i--)
        {
            var (segment, until) = (segments[i], i + 1 < segments.Count ? segments[i + 1].From : DateTimeOffset.MaxValue);
            if (segment.From >= end) continue;
            if (until <= hour) break;
            if (segment.Rate == 0 || segment.Terms is not { } terms) continue;
            var from = Later(Later(hour, segment.From), terms.ValidFrom ?? hour);
            var to = Earlier(Earlier(end, until), terms.ValidTo ?? end);
            if (to <= from) continue;
            tokenTicks += (Int128)segment.Rate * (to - from).Ticks;
            last ??= terms;
        }
        var tokens = (long)Int128.Min(tokenTicks / TimeSpan.TicksPerSecond, MostTokens);
        return last is null || tokens == 0 ? null : new(tokens, last.Tenant, last.ServiceClass);
    }

    private void Add(PoolId pool, EntitlementId entitlement, EntitlementTerms? terms, DateTimeOffset at)
    {
        if (!_terms.TryGetValue((pool, entitlement), out var segments)) _terms[(pool, entitlement)] = segments = [];
        // A clock that was put back does not undo what held before.
        segments.Add(new(segments.Count == 0 ? at : Later(at, segments[^1].From), terms));
    }

    private void SetModel(PoolId pool, string model, DateTimeOffset at)
    {
        if (!_models.TryGetValue(pool, out var models)) _models[pool] = models = [];
        models.Add((at, model));
    }

    private static DateTimeOffset Later(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;

    private static DateTimeOffset Earlier(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;

    private sealed record Segment(DateTimeOffset From, EntitlementTerms? Terms)
    {
        /// <summary>λ of the classes that have a baseline, in tokens per second.</summary>
        public long Rate => Terms is { ServiceClass: ServiceClass.Dedicated or ServiceClass.Guaranteed or ServiceClass.Elastic } terms ? terms.Baseline.TokensPerSecond : 0;
    }
}
