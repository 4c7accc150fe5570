using TokenLedger.Contracts;

namespace TokenLedger.Core.Metering;

/// <summary>Where an amount belongs: one line of one tenant's statement.</summary>
/// <param name="Period">The month it is billed in.</param>
/// <param name="Month">The month it completed in.</param>
public readonly record struct LineKey(
    BillingMonth Period, BillingMonth Month, TenantId? Tenant, PoolId? Pool, EntitlementId? Entitlement, string? Model, ServiceClass? ServiceClass,
    PriceKind Kind, PricingCategory Category, CommitmentStatus? Commitment);

/// <summary>What the bills of all tenants rest on besides consumption: prices, commitments and the closed months, folded from the ledger in order of position.</summary>
public sealed class BillingBook
{
    /// <summary>The events it takes in.</summary>
    public static IReadOnlyList<Type> Types { get; } =
    [
        typeof(PoolOpened), typeof(PoolReconfigured), typeof(EntitlementGranted), typeof(EntitlementAmended), typeof(EntitlementRevoked), typeof(PriceSet), typeof(BillingPeriodClosed),
    ];

    public PriceBook Prices { get; } = new();

    public Commitments Commitments { get; } = new();

    /// <summary>The last closed month; months are closed one after another.</summary>
    public BillingMonth? Closed { get; private set; }

    /// <summary>Position of the last event taken in.</summary>
    public long Position { get; private set; }

    public void Evolve(RecordedEvent recorded)
    {
        ArgumentNullException.ThrowIfNull(recorded);
        Position = recorded.Position;
        switch (recorded.Data)
        {
            case PriceSet e: Prices.Set(e, recorded.Position); break;
            case BillingPeriodClosed e: Closed = BillingMonth.Parse(e.Period); break;
            default: Commitments.Evolve(recorded.Data, recorded.Timestamp); break;
        }
    }

    /// <summary>The month in which what completed in <paramref name="month"/> is billed when it is recorded now.</summary>
    public BillingMonth PeriodOf(BillingMonth month) => Closed is { } closed && month <= closed ? closed.Next : month;

    /// <summary>The hour whose commitment an entry or its correction may use; null when nobody knows its entitlement.</summary>
    public static CommitmentHour? HourOf(ILedgerEvent data) => data switch
    {
        TokensConsumed { Pool: { } pool, Entitlement: { } entitlement } e => new(pool, entitlement, CommitmentHour.HourOf(e.CompletedAt)),
        UsageCorrected { Pool: { } pool, Entitlement: { } entitlement } e => new(pool, entitlement, CommitmentHour.HourOf(e.CompletedAt)),
        _ => null,
    };

    /// <summary>Charges an entry. What it covers is added to <paramref name="covered"/>.</summary>
    /// <param name="covered">Tokens of each hour's commitment that are used up. It must hold the entry's hour, unless none of it is used.</param>
    public List<ChargedPart> Charge(TokensConsumed e, long position, IDictionary<CommitmentHour, long> covered)
    {
        ArgumentNullException.ThrowIfNull(e);
        var parts = Charging.Of(TokenKinds.Of(e), e.ServiceClass, Prices.Of(e.Model, e.CompletedAt, position), LeftOf(HourOf(e), e.ServiceClass, covered));
        Settle(parts, HourOf(e), e.CompletedAt, covered);
        return parts;
    }

    /// <summary>
    /// Charges a correction: what the entry costs as it is now known less what it cost before, by the prices it was charged by. It keeps what a commitment covered of it; of what an earlier correction
    /// gave back, as much as is left.
    /// </summary>
    /// <param name="entry">The corrected entry before this correction.</param>
    public List<ChargedPart> Charge(UsageCorrected e, in ChargedEntry entry, IDictionary<CommitmentHour, long> covered)
    {
        ArgumentNullException.ThrowIfNull(e);
        var prices = Prices.Of(e.Model, e.CompletedAt, e.Corrects.Position);
        var cover = Math.Min(entry.FirstCovered, entry.Covered + LeftOf(HourOf(e), e.ServiceClass, covered));
        var parts = Charging.Change(
            Charging.Of(entry.Tokens, e.ServiceClass, prices, entry.Covered), Charging.Of(entry.Tokens + TokenKinds.Of(e), e.ServiceClass, prices, cover));
        Settle(parts, HourOf(e), e.CompletedAt, covered);
        return parts;
    }

    /// <summary>The line that a part of an entry belongs to.</summary>
    public LineKey LineOf(TokensConsumed e, in ChargedPart part)
    {
        ArgumentNullException.ThrowIfNull(e);
        var month = BillingMonth.Of(e.CompletedAt);
        return new(PeriodOf(month), month, e.Tenant, e.Pool, e.Entitlement, e.Model, e.ServiceClass, part.Kind, part.Category, part.Commitment);
    }

    /// <summary>The line that a part of a correction belongs to.</summary>
    public LineKey LineOf(UsageCorrected e, in ChargedPart part)
    {
        ArgumentNullException.ThrowIfNull(e);
        var month = BillingMonth.Of(e.CompletedAt);
        return new(PeriodOf(month), month, e.Tenant, e.Pool, e.Entitlement, e.Model, e.ServiceClass, part.Kind, part.Category, part.Commitment);
    }

    /// <summary>What a month that closes now charges for commitments nobody used, hour by hour.</summary>
    /// <param name="position">Position of the close: later prices do not count.</param>
    public IEnumerable<(LineKey Line, long Tokens, long Micros)> Unused(BillingMonth period, long position, IReadOnlyDictionary<CommitmentHour, long> covered)
    {
        ArgumentNullException.ThrowIfNull(covered);
        // Before the first close nothing older has been charged either.
        var from = Closed is null ? DateTimeOffset.MinValue : period.Start;
        foreach (var (hour, committed) in Commitments.Between(from, period.End))
        {
            var model = Commitments.ModelAt(hour.Pool, hour.Hour);
            if (Prices.Of(model, hour.Hour, position)?.RateOf(PriceKind.Committed, committed.ServiceClass) is not { } rate) continue;
            var unused = committed.Tokens - covered.GetValueOrDefault(hour);
            if (unused <= 0) continue;
            var line = new LineKey(
                period, BillingMonth.Of(hour.Hour), committed.Tenant, hour.Pool, hour.Entitlement, model, committed.ServiceClass,
                PriceKind.Committed, PricingCategory.Committed, CommitmentStatus.Unused);
            yield return (line, unused, Charging.Micros(unused, rate));
        }
    }

    /// <summary>What is left of an hour's commitment.</summary>
    private long LeftOf(CommitmentHour? hour, ServiceClass? serviceClass, IDictionary<CommitmentHour, long> covered)
    {
        if (hour is not { } known || !HasBaseline(serviceClass) || Commitments.Of(known) is not { } committed) return 0;
        return Math.Max(0, committed.Tokens - (covered.TryGetValue(known, out var used) ? used : 0));
    }

    /// <summary>Uses the commitment up, or gives it back; in a closed month, against what was charged as unused.</summary>
    private void Settle(List<ChargedPart> parts, CommitmentHour? hour, DateTimeOffset completedAt, IDictionary<CommitmentHour, long> covered)
    {
        if (Charging.CoveredOf(parts) is not 0 and var used) covered[hour!.Value] = (covered.TryGetValue(hour.Value, out var before) ? before : 0) + used;
        if (Closed is { } closed && BillingMonth.Of(completedAt) <= closed && Charging.Credit(parts) is { } credit) parts.Add(credit);
    }

    private static bool HasBaseline(ServiceClass? serviceClass) => serviceClass is ServiceClass.Dedicated or ServiceClass.Guaranteed or ServiceClass.Elastic;
}
