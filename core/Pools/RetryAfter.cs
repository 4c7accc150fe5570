using TokenLedger.Contracts;

namespace TokenLedger.Core.Pools;

/// <summary>
/// When a request will find room (domain.md §5.2): the soonest moment from which it can be there without spoiling what was promised to those who were told to come back, in the dimension that comes last,
/// of its entitlement and of the pool. Before it go the requests that wait with a better place, and as many of those who were told as usually come back.
/// </summary>
internal static class RetryAfter
{
    public static RetryWait Of(in AdmissionCase request)
    {
        var wait = new Scope(request, request.Entitlement, queue: true).Wait();
        if (!SharesPool(request)) return wait;
        var shared = new Scope(request, null, queue: true).Wait();
        return shared.Span > wait.Span ? shared : wait;
    }

    /// <summary>True when a request for which there is room would take what was promised to others. What is within its own floor was promised to nobody else.</summary>
    public static bool IsPromised(in AdmissionCase request) => WaitingDecisions.BoundsOf(request.Pool).KeepPromises && request.Pool.Returns.Count > 0 && SharesPool(request)
        // The threshold is kept as published: it admits a heavier request without room, and the first that comes where there is some.
        && request.Pool.Settings!.Policy == AdmissionPolicy.WeightedShare
        && (new Scope(request, request.Entitlement, queue: false).Wait().Span > TimeSpan.Zero || new Scope(request, null, queue: false).Wait().Span > TimeSpan.Zero);

    /// <summary>True where the policy knows a room that all share and this request draws on it.</summary>
    private static bool SharesPool(in AdmissionCase request) =>
        request.Pool.Settings is { Shadow: false, Policy: AdmissionPolicy.Threshold or AdmissionPolicy.WeightedShare } && !Turn.IsOwnFloor(request);

    private readonly record struct Amount(double Sequences, double Tokens)
    {
        public Amount Plus(double share, long tokens) => new(Sequences + share, Tokens + share * tokens);
    }

    /// <summary>Whose limits and requests are looked at: the entitlement's, or, with null, the whole pool's.</summary>
    /// <param name="queue">The requests that wait are looked at, too; and of clients nothing is known of, all are expected back, else none.</param>
    private sealed class Scope(AdmissionCase request, Entitlement? of, bool queue)
    {
        private readonly ToldReturn? _own = request.Pool.Returns.Find(request.Request, request.Entitlement.Id) is { } told && told.At <= request.Now ? told : null;
        private readonly (long KvCacheBytes, int Sequences) _room = of is null
            ? request.Pool.RoomFor(request.Entitlement)
            : (of.Limits.KvCacheBytes - of.InUse.KvCacheBytes, of.Limits.Sequences - of.InUse.Sequences);
        private ExpectedEnds? _ends;

        public RetryWait Wait()
        {
            var told = request.Pool.Returns.InTime;
            var ahead = queue ? Waiting() : default;
            foreach (var other in told)
                if (Counts(other)) ahead = ahead.Plus(ShareOf(other), other.Tokens);
            // From the last to the first: whoever would be late with this request before it goes before it, with all before that.
            for (var i = told.Count - 1; i >= 0; i--)
            {
                if (!Counts(told[i])) continue;
                var by = told[i].At - request.Now;
                if (ShareOf(told[i]) > 0 && After(ahead).Span > (by > TimeSpan.Zero ? by : TimeSpan.Zero))
                    return After(ahead) is var wait && wait.Span >= by ? wait : new(by, wait.Basis);
                ahead = ahead.Plus(-ShareOf(told[i]), told[i].Tokens);
            }
            return After(ahead);
        }

        /// <summary>When there will be room for the request on top of so much.</summary>
        private RetryWait After(Amount ahead)
        {
            // Rounded, so that one client who comes back more often than not is one.
            var sequences = Math.Floor(ahead.Sequences + 0.49) + request.Need.Sequences - _room.Sequences;
            var kv = Math.Floor(ahead.Tokens) * request.Pool.Settings!.KvBytesPerToken + request.Need.KvCacheBytes - _room.KvCacheBytes;
            var ends = sequences > 0 || kv > 0 ? (_ends ??= new(request.Pool, of, _room, request.Now)).After(sequences, kv) : default;
            var tokens = Tokens((long)Math.Max(0, ahead.Tokens));
            return ends.Span > tokens.Span ? ends : tokens;
        }

        private RetryWait Tokens(long before)
        {
            if (of is null) return RetryEstimate.SurplusTokens(request, before);
            return of.Rate.TimeUntil(request.Need.Tokens, request.Now, before) is { } own ? new(own, RetryBasis.RateBucket) : RetryEstimate.Unknown;
        }

        private Amount Waiting()
        {
            var (pool, ahead) = (request.Pool, default(Amount));
            if (pool.Waiting.Count == 0) return ahead;
            var order = WaitingDecisions.BoundsOf(pool).Order;
            var rank = pool.Waiting.Find(request.Request)?.Rank ?? pool.Waiting.RankOf(order, request.Entitlement, request.Need.Tokens, request.Since);
            foreach (var waiting in pool.Waiting.InOrder(order))
                if (waiting.Rank.CompareTo(rank) < 0 && IsOf(waiting.Entitlement)) ahead = ahead.Plus(1, waiting.Tokens);
            return ahead;
        }

        /// <summary>Whoever is back in time goes before those who are to come later. In the pool, nobody's promise holds up a request of more weight.</summary>
        private bool Counts(ToldReturn told) =>
            told.Request != request.Request && told.ToldAt <= request.Since && told.At + ToldReturns.Grace >= request.Now && (queue || _own is null || told.At < _own.At)
            && IsOf(told.Entitlement) && told.Entitlement.Weight >= request.Entitlement.Weight;

        private bool IsOf(Entitlement other) => of is null ? !(request.Pool.KeepsFloor(other) && other.Terms.ServiceClass == ServiceClass.Guaranteed) : other == of;

        private double ShareOf(ToldReturn told) => told.Entitlement.Returns ?? (queue ? 1 : 0);
    }
}
