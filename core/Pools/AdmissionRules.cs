using TokenLedger.Contracts;

namespace TokenLedger.Core.Pools;

/// <summary>A request on its way through the rules, on the state before it.</summary>
internal struct AdmissionCase(PoolState pool, Entitlement entitlement, Resources need, DateTimeOffset now)
{
    public readonly PoolState Pool = pool;
    public readonly Entitlement Entitlement = entitlement;
    public readonly Resources Need = need;
    public readonly DateTimeOffset Now = now;

    public RequestId Request { get; init; }

    /// <summary>Since when it asks: now, or since it was first told to come back.</summary>
    public DateTimeOffset Since { get; init; }

    /// <summary>The requests that must be stopped to make room, which the last rule finds.</summary>
    public IReadOnlyList<Reservation> Evicted = [];
}

/// <summary>What a wait is reckoned from.</summary>
public enum RetryBasis { Never, NothingKnown, MeanHold, Lease, RateBucket, FloorBucket, SurplusBucket, Told }

/// <summary>When the limiting dimension will next have room, and how that is known.</summary>
public readonly record struct RetryWait(TimeSpan Span, RetryBasis Basis);

/// <summary>What a rule compares in one dimension: it holds there when no more is needed than there is.</summary>
public sealed record Measure(string Dimension, long Needs, long Has);

/// <summary>One rule of the admission order (domain.md §5). The decision asks whether it passes; an explanation asks the same object for its numbers as well.</summary>
internal abstract class AdmissionRule(DenialReason reason)
{
    /// <summary>The rules in their order: the first that does not pass answers.</summary>
    public static readonly AdmissionRule[] Order = [new InForce(), new CanEverFit(), new SomethingRuns(), new SequenceLimit(), new RateLimit(), new KvLimit(), new PoolRoom()];

    public DenialReason Reason => reason;

    public abstract bool Passes(ref AdmissionCase request);

    public abstract IReadOnlyList<Measure> Measures(in AdmissionCase request);

    public static AdmissionRule? FirstBroken(ref AdmissionCase request)
    {
        foreach (var rule in Order)
            if (!rule.Passes(ref request)) return rule;
        return null;
    }

    /// <summary>What a bucket is asked for: a request dearer than all of it needs it full.</summary>
    protected static Measure Bucket(string dimension, TokenBucket bucket, long tokens, DateTimeOffset now) =>
        new(dimension, bucket.Rate == 0 ? tokens : Math.Min(tokens, bucket.DepthTokens), bucket.TokensAt(now));

    /// <summary>Step 1. What it refuses is turned away at the door, not recorded.</summary>
    private sealed class InForce() : AdmissionRule(DenialReason.EntitlementNotBound)
    {
        public override bool Passes(ref AdmissionCase request) =>
            request.Entitlement.IsServed && !(request.Now < request.Entitlement.Terms.ValidFrom) && !(request.Now >= request.Entitlement.Terms.ValidTo);

        public override IReadOnlyList<Measure> Measures(in AdmissionCase request) => [];
    }

    /// <summary>Step 2: false for a request that the entitlement could not be given even with the pool at its largest and empty. Tokens always fit in time, unless the rate is zero.</summary>
    private sealed class CanEverFit() : AdmissionRule(DenialReason.NeverFits)
    {
        public override bool Passes(ref AdmissionCase request)
        {
            var (need, reach) = (request.Need, Reach(request));
            return need.KvCacheBytes <= reach.KvCacheBytes && need.Sequences <= reach.Sequences && (need.Tokens == 0 || reach.TokensPerSecond > 0);
        }

        public override IReadOnlyList<Measure> Measures(in AdmissionCase request)
        {
            var reach = Reach(request);
            return [new("kvCacheBytes", request.Need.KvCacheBytes, reach.KvCacheBytes), new("sequences", request.Need.Sequences, reach.Sequences), new("tokensPerSecond", Math.Min(1, request.Need.Tokens), reach.TokensPerSecond)];
        }

        private static Capacity Reach(in AdmissionCase request)
        {
            var (largest, floors, entitlement) = (request.Pool.LargestCapacity, request.Pool.Floors, request.Entitlement);
            return entitlement.Terms.ServiceClass switch
            {
                ServiceClass.Guaranteed => entitlement.Terms.Baseline,
                ServiceClass.Dedicated => largest.Less(floors) + (entitlement.HasFloor ? entitlement.Terms.Baseline : default),
                _ => largest.Less(floors),
            };
        }
    }

    private sealed class SomethingRuns() : AdmissionRule(DenialReason.NoCapacity)
    {
        public override bool Passes(ref AdmissionCase request) => request.Pool.Replicas > 0;

        public override IReadOnlyList<Measure> Measures(in AdmissionCase request) => [new("replicas", 1, request.Pool.Replicas)];
    }

    /// <summary>Step 3.</summary>
    private sealed class SequenceLimit() : AdmissionRule(DenialReason.ConcurrencyExceeded)
    {
        public override bool Passes(ref AdmissionCase request) => request.Entitlement.Held.Sequences + request.Need.Sequences <= request.Entitlement.Limits.Sequences;

        public override IReadOnlyList<Measure> Measures(in AdmissionCase request) =>
            [new("sequences", request.Need.Sequences, request.Entitlement.Limits.Sequences - request.Entitlement.Held.Sequences)];
    }

    /// <summary>Step 4.</summary>
    private sealed class RateLimit() : AdmissionRule(DenialReason.TokensExceeded)
    {
        public override bool Passes(ref AdmissionCase request) => request.Entitlement.Rate.Allows(request.Need.Tokens, request.Now);

        public override IReadOnlyList<Measure> Measures(in AdmissionCase request) =>
            request.Need.Tokens == 0 ? [] : [Bucket("tokens", request.Entitlement.Rate, request.Need.Tokens, request.Now)];
    }

    /// <summary>Step 5.</summary>
    private sealed class KvLimit() : AdmissionRule(DenialReason.KvExceeded)
    {
        public override bool Passes(ref AdmissionCase request) => Missing(request) <= 0;

        public override IReadOnlyList<Measure> Measures(in AdmissionCase request) =>
            [new("kvCacheBytes", request.Need.KvCacheBytes, request.Entitlement.Limits.KvCacheBytes - request.Entitlement.Held.KvCacheBytes)];

        private static long Missing(in AdmissionCase request) => request.Entitlement.Held.KvCacheBytes + request.Need.KvCacheBytes - request.Entitlement.Limits.KvCacheBytes;
    }
}
