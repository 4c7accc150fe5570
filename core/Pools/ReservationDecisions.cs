using TokenLedger.Contracts;

namespace TokenLedger.Core.Pools;

/// <summary>What becomes of a reservation: its first token, its renewal and the ways it ends (domain.md §4).</summary>
internal static class ReservationDecisions
{
    /// <summary>Leases that one sweep ends at the most; the next sweep takes the rest.</summary>
    public const int MostExpiredPerSweep = 1_000;

    public static PoolDecision Decide(PoolState pool, ReleasePrefill command)
    {
        if (Find(pool, command.Request, command.Entitlement, out var open) is { } refused) return refused;
        var after = open.PrefillReleased ? open.Outstanding : open.Outstanding with { Tokens = open.Outstanding.Tokens - open.InputTokens };
        return new(
            open.PrefillReleased || open.InputTokens == 0 ? [] : [new PrefillReleased(pool.Id, open.Request, open.Entitlement.Id, open.InputTokens)],
            new Reserved(open.Entitlement.Id, after, open.ExpiresAt));
    }

    public static PoolDecision Decide(PoolState pool, Renew command, DateTimeOffset now)
    {
        if (Find(pool, command.Request, command.Entitlement, out var open) is { } refused) return refused;
        var until = now.AddSeconds(pool.Settings!.LeaseSeconds);
        return new([new ReservationRenewed(pool.Id, open.Request, open.Entitlement.Id, until)], new Reserved(open.Entitlement.Id, open.Outstanding, until));
    }

    public static PoolDecision Decide(PoolState pool, Release command)
    {
        if (Find(pool, command.Request, command.Entitlement, out var open) is { } refused) return refused;
        return new(
            [new ReservationReleased(pool.Id, open.Request, open.Entitlement.Id, open.Outstanding)],
            new Reserved(open.Entitlement.Id, default, open.ExpiresAt));
    }

    /// <summary>
    /// Settles what was really used. Within the reservation it is settled and the rest returned; beyond it, it is excess, charged and not clamped.
    /// What the first token settled early stays settled.
    /// </summary>
    public static PoolDecision Decide(PoolState pool, Settle command)
    {
        if (pool.Open.TryGetValue(command.Request, out var open))
            return command.Entitlement is { } owner && owner != open.Entitlement.Id ? PoolDecision.Nothing(new NotOpen()) : new(
                [Settlement(pool, command.Request, open.Entitlement.Id, open.Reserved, open.Outstanding, command.InputTokens, command.OutputTokens, command.UsagePosition)],
                new Reserved(open.Entitlement.Id, default, open.ExpiresAt));
        return new(
            command.AdmissionRecorded || pool.Deferred.ContainsKey(command.Request)
                ? []
                : [new SettlementDeferred(pool.Id, command.Request, command.InputTokens, command.OutputTokens, command.UsagePosition, command.Entitlement)],
            new NotOpen());
    }

    internal static ReservationSettled Settlement(
        PoolState pool, RequestId request, EntitlementId entitlement, Resources reserved, Resources outstanding, long inputTokens, long outputTokens, long usagePosition)
    {
        var tokens = inputTokens + outputTokens;
        var used = new Resources(tokens, tokens * pool.Settings!.KvBytesPerToken, 1);
        var within = Resources.Min(used, reserved);
        var early = reserved - outstanding;
        var settled = within with { Tokens = Math.Max(0, within.Tokens - early.Tokens) };
        return new(pool.Id, request, entitlement, inputTokens, outputTokens, settled, outstanding - settled, used - within, usagePosition);
    }

    public static PoolDecision Sweep(PoolState pool, DateTimeOffset now)
    {
        var events = new List<ILedgerEvent>();
        if (pool.NextExpiry <= now)
            events.AddRange(pool.Open.Values.Where(r => r.ExpiresAt <= now)
                .OrderBy(r => r.ExpiresAt).ThenBy(r => r.Request.Value).Take(MostExpiredPerSweep)
                .Select(r => new ReservationExpired(pool.Id, r.Request, r.Entitlement.Id, r.Outstanding)));
        if (pool.NextCalendarChange <= now) events.AddRange(PoolDecisions.StateChanges(pool, pool.Capacity, now));
        return new(events, new Done(Created: false, events.Count > 0));
    }

    private static PoolDecision? Find(PoolState pool, RequestId request, EntitlementId entitlement, out Reservation open)
    {
        if (!pool.Open.TryGetValue(request, out open!)) return PoolDecision.Nothing(new NotOpen());
        return open.Entitlement.Id == entitlement ? null : PoolDecision.Nothing(new Rejected(Rejection.NotYours, "This request belongs to another entitlement."));
    }
}
