using System.Diagnostics;
using TokenLedger.Contracts;

namespace TokenLedger.Core.Pools;

/// <summary>A request on its way through the rules, on the state before it.</summary>
internal struct AdmissionCase(PoolState pool, Entitlement entitlement, Resources need, DateTimeOffset now)
{
    public readonly PoolState Pool = pool;
    public readonly Entitlement Entitlement = entitlement;
    public readonly Resources Need = need;
    public readonly DateTimeOffset Now = now;

    /// <summary>What it would hold if it came to its output limit.</summary>
    public Resources Most { get; init; }

    public RequestId Request { get; init; }

    /// <summary>Since when it asks: now, or since it was first told to come back.</summary>
    public DateTimeOffset Since { get; init; }

    /// <summary>The requests that must be stopped to make room, which the last rule finds.</summary>
    public IReadOnlyList<Reservation> Evicted = [];

    /// <summary>In shadow mode: the rule that would have refused it.</summary>
    public DenialReason? ShadowDenial;
}

/// <summary>What a wait is reckoned from.</summary>
public enum RetryBasis { Never, NothingKnown, MeanHold, NominalHold, RateBucket, FloorBucket, SurplusBucket, Told }

/// <summary>When the limiting dimension will next have room, and how that is known.</summary>
public readonly record struct RetryWait(TimeSpan Span, RetryBasis Basis);

/// <summary>What a rule compares in one dimension: it holds there when no more is needed than there is.</summary>
/// <param name="MustExceed">Only more than what is needed will do.</param>
public sealed record Measure(string Dimension, decimal Needs, decimal Has, bool MustExceed = false)
{
    public bool Holds => MustExceed ? Has > Needs : Has >= Needs;
}

/// <summary>One rule of the admission order (domain.md §5). The decision asks whether it passes; an explanation asks the same object for its numbers as well.</summary>
internal abstract class AdmissionRule(DenialReason reason)
{
    private static readonly AdmissionRule[] s_always = [new InForce(), new WithinBudget(), new CanEverFit(), new SomethingRuns()];
    private static readonly AdmissionRule[] s_limits = [new SequenceLimit(), new RateLimit(), new KvLimit()];
    private static readonly Countable s_countable = new();
    private static readonly AdmissionRule[] s_admitAll = [.. s_always, s_countable];
    private static readonly AdmissionRule[] s_rateLimit = [.. s_always, .. s_limits, s_countable];
    private static readonly AdmissionRule[] s_threshold = [.. s_always, .. s_limits, new WeightThreshold(), s_countable];
    private static readonly AdmissionRule[] s_weightedShare = [.. s_always, .. s_limits, new PoolRoom()];

    /// <summary>The rules of a policy in their order: the first that does not pass answers.</summary>
    public static AdmissionRule[] Of(AdmissionPolicy policy) => policy switch
    {
        AdmissionPolicy.AdmitAll => s_admitAll,
        AdmissionPolicy.RateLimit => s_rateLimit,
        AdmissionPolicy.Threshold => s_threshold,
        AdmissionPolicy.WeightedShare => s_weightedShare,
        _ => throw new UnreachableException(),
    };

    public DenialReason Reason => reason;

    public abstract bool Passes(ref AdmissionCase request);

    public abstract IReadOnlyList<Measure> Measures(in AdmissionCase request);

    /// <returns>Null when all pass, or when shadow mode overlooks the first that does not.</returns>
    public static AdmissionRule? FirstBroken(ref AdmissionCase request)
    {
        foreach (var rule in Of(request.Pool.Settings!.Policy))
        {
            if (rule.Passes(ref request)) continue;
            if (!rule.IsOverlooked(ref request)) return rule;
            request.ShadowDenial = rule.Reason;
            return null;
        }
        return null;
    }

    /// <summary>In shadow mode all rules admit what they would refuse, but for the first two, and as long as amounts can be counted.</summary>
    public bool IsOverlooked(ref AdmissionCase request) => request.Pool.Settings!.Shadow && this is not (InForce or WithinBudget) && s_countable.Passes(ref request);

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

    /// <summary>Step 1, too: the month's budget with its hard stop is not consumed. What it refuses is turned away at the door likewise.</summary>
    private sealed class WithinBudget() : AdmissionRule(DenialReason.BudgetExhausted)
    {
        public override bool Passes(ref AdmissionCase request) => !(request.Now < request.Entitlement.ExhaustedUntil);

        public override IReadOnlyList<Measure> Measures(in AdmissionCase request) => [];
    }

    /// <summary>Step 2: false for a request that the entitlement could not be given even with the pool at its largest and empty, if it came to its output limit. Tokens always fit in time, unless the rate is zero.</summary>
    private sealed class CanEverFit() : AdmissionRule(DenialReason.NeverFits)
    {
        public override bool Passes(ref AdmissionCase request)
        {
            var (need, reach) = (request.Most, StaticLimits.Reach(request.Entitlement, request.Pool));
            return need.KvCacheBytes <= reach.KvCacheBytes && need.Sequences <= reach.Sequences && (need.Tokens == 0 || reach.TokensPerSecond > 0);
        }

        public override IReadOnlyList<Measure> Measures(in AdmissionCase request)
        {
            var reach = StaticLimits.Reach(request.Entitlement, request.Pool);
            return [new("kvCacheBytes", request.Most.KvCacheBytes, reach.KvCacheBytes), new("sequences", request.Most.Sequences, reach.Sequences), new("tokensPerSecond", Math.Min(1, request.Most.Tokens), reach.TokensPerSecond)];
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
        public override bool Passes(ref AdmissionCase request) => request.Entitlement.InUse.Sequences + request.Need.Sequences <= request.Entitlement.Limits.Sequences;

        public override IReadOnlyList<Measure> Measures(in AdmissionCase request) =>
            [new("sequences", request.Need.Sequences, request.Entitlement.Limits.Sequences - request.Entitlement.InUse.Sequences)];
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
            [new("kvCacheBytes", request.Need.KvCacheBytes, request.Entitlement.Limits.KvCacheBytes - request.Entitlement.InUse.KvCacheBytes)];

        private static long Missing(in AdmissionCase request) => request.Entitlement.InUse.KvCacheBytes + request.Need.KvCacheBytes - request.Entitlement.Limits.KvCacheBytes;
    }
    /// <summary>Where a policy puts no bound on the pool, 64 bits do: no more is admitted than can be counted.</summary>
    private sealed class Countable() : AdmissionRule(DenialReason.PoolExhausted)
    {
        private static readonly Resources s_most = new(long.MaxValue / 4, long.MaxValue / 4, int.MaxValue / 4);

        public override bool Passes(ref AdmissionCase request) => !Left(request).HasNegative;

        public override IReadOnlyList<Measure> Measures(in AdmissionCase request)
        {
            var (need, has) = (request.Need, s_most - request.Pool.Held);
            return [new("tokens", need.Tokens, has.Tokens), new("kvCacheBytes", need.KvCacheBytes, has.KvCacheBytes), new("sequences", need.Sequences, has.Sequences)];
        }

        private static Resources Left(in AdmissionCase request) => s_most - request.Pool.Held - request.Need;
    }
}
