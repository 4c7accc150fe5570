using TokenLedger.Contracts;

namespace TokenLedger.Tests.Contract;

/// <summary>One example of every event with all its fields, and one without those it can do without. docs/events.md shows the first.</summary>
internal static class EventExamples
{
    public static readonly PoolId Pool = new("chat");
    public static readonly EntitlementId Gold = new("acme-gold");
    public static readonly TenantId Acme = new("acme");
    public static readonly RequestId Request = RequestId.Parse("0f8fad5b-d9cb-469f-a165-70867728950e");
    public static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly DateTimeOffset s_march = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset s_april = new(2026, 4, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly RequestId s_other = RequestId.Parse("7c9e6679-7425-40de-944b-e07fc1f90ae7");
    private static readonly KeyId s_key = new("k-4f1d2a");
    private static readonly string s_hash = string.Concat(Enumerable.Repeat("9f86d081884c7d65", 4));
    private static readonly Resources s_held = new(1_536, 201_326_592, 1);
    private static readonly Capacity s_baseline = new(20_000, 8_589_934_592, 32);
    private static readonly ScalingBounds s_scaling = new(1, 8, 0.8, new(), [new("0 8 * * 1-5", Minutes: 600, Replicas: 6)], new(Prefill: 1, Decode: 3, PrefillTokensPerSecond: 120_000, DecodeTokensPerSecond: 30_000));
    private static readonly PoolSettings s_settings = new(
        "llama-3.1-70b", Replicas: 4, new(50_000, 34_359_738_368, 128), KvBytesPerToken: 131_072, DefaultMaxOutputTokens: 1_024,
        BurstSeconds: 10, LeaseSeconds: 300, TickMs: 1_000, s_scaling, AdmissionPolicy.WeightedShare, Shadow: false, Lending: 0.5, new(QueueOrder.WeightOverCost, 256, 30_000), new());
    private static readonly PoolSettings s_plain = s_settings with { Lending = 0, Queue = null, Estimation = null, Scaling = new(1, 8, 0.8) };
    private static readonly EntitlementTerms s_terms = new(Acme, ServiceClass.Guaranteed, SloTargetMs: 2_000, s_baseline, Noon, Noon.AddYears(1), new(MonthlyTokens: 50_000_000, HardStop: true));
    private static readonly EntitlementTerms s_openTerms = s_terms with { ValidFrom = null, ValidTo = null, Budget = null };

    private static readonly CarriedBucket s_bucket = new(200_000, LevelMicros: 1_999_998_464_000_000, DepthMicros: 2_000_000_000_000_000, Noon);
    private static readonly Totals s_total = default(Totals) + s_held;
    private static readonly CarriedAccount s_books = new(s_total, Settled: default, Returned: default, Expired: default, Evicted: default, s_held);

    public static IReadOnlyList<ILedgerEvent> Full { get; } =
    [
        new PoolOpened(Pool, s_settings),
        new PoolReconfigured(Pool, s_settings with { Replicas = 6 }),
        new EntitlementGranted(Pool, Gold, s_terms),
        new EntitlementAmended(Pool, Gold, s_terms with { SloTargetMs = 1_500 }),
        new EntitlementRevoked(Pool, Gold),
        new EntitlementStateChanged(Pool, Gold, EntitlementState.Bound, EntitlementState.Degraded),
        new KeyIssued(Pool, Gold, s_key, s_hash),
        new KeyRevoked(Pool, Gold, s_key),
        new RequestAdmitted(Pool, Request, Gold, Acme, InputTokens: 1_024, MaxOutputTokens: 512, "chat", ExpectedOutputTokens: 512, s_held, Weight: 1.25, Noon.AddMinutes(5), DenialReason.TokensExceeded),
        new RequestDenied(Pool, Request, Gold, Acme, InputTokens: 1_024, MaxOutputTokens: 512, "chat", Tokens: 1_536, DenialReason.TokensExceeded, RetryAfterMs: 750),
        new RequestsDenied(Pool, [new(Gold, DenialReason.ConcurrencyExceeded, Requests: 17, Tokens: 26_112)]),
        new RequestQueued(Pool, Request, Gold, Acme, InputTokens: 1_024, MaxOutputTokens: 512, "chat", Tokens: 1_536, Noon.AddSeconds(2)),
        new WaitAbandoned(Pool, Request, Gold),
        new PrefillReleased(Pool, Request, Gold, Tokens: 1_024),
        new ReservationRenewed(Pool, Request, Gold, Noon.AddMinutes(10)),
        new ReservationSettled(Pool, Request, Gold, InputTokens: 1_024, OutputTokens: 600, s_held, Returned: default, new(88, 11_534_336, 0), UsagePosition: 41),
        new SettlementDeferred(Pool, Request, InputTokens: 1_024, OutputTokens: 600, UsagePosition: 41, Gold),
        new ReservationReleased(Pool, Request, Gold, s_held),
        new ReservationExpired(Pool, Request, Gold, s_held),
        new ReservationEvicted(Pool, Request, Gold, s_held, Beneficiary: s_other),
        new LimitsApplied(Pool, Replicas: 6, CapacityPosition: 57, LimitsPosition: 58, [new(Gold, s_baseline, Debt: 0.5, Burst: 12.5, Weight: 1.25, OwedTokens: 6_000)]),
        new BudgetExhausted(Pool, Gold, MonthlyTokens: 50_000_000, s_april, ThresholdPosition: 57),
        new BooksCarriedForward(
            Pool, Events: 50_000, s_settings, Replicas: 6, CapacityPosition: 57, LimitsPosition: 58, s_bucket, s_books,
            [new(Gold, s_terms, EntitlementState.Bound, [s_key], s_baseline, Debt: 0.5, Burst: 12.5, Weight: 1.25, s_bucket, s_bucket, s_books, MeanHoldTicks: 92_500_000, OwedTokens: 6_000, Returns: 0.75, ExhaustedUntil: s_april)],
            [new(Request, Gold, s_held, s_held, InputTokens: 1_024, SurplusTokens: 0, Noon, Noon.AddMinutes(5), Workload: "chat", Estimated: true)],
            [new(Pool, s_other, InputTokens: 12, OutputTokens: 3, UsagePosition: 40, Gold)],
            [new(s_other, Gold, InputTokens: 1_024, MaxOutputTokens: 512, "chat", Tokens: 1_536, Noon, Noon.AddSeconds(2))],
            WaitingTurn: 3, [new(s_other, Gold, Tokens: 1_536, Noon, Noon.AddSeconds(3))], MeanHoldTicks: 92_500_000,
            new(Learned: 40, [new(Acme, "chat", Count: 40, Sum: 9_200, Average: 231_000, LearnedAt: 40, Lean: -120_000, Bias: 900_000, [40_000, 38_000, 39_000, 41_000, 62_000],
                WholeLoss: 9_000, BinLoss: 8_000, Best: 1, [212, 233], [new(80, [233])])])),
        new TokensConsumed(
            "urn:gateway:eu-1", "evt-000041", Request, Pool, Gold, Acme, "llama-3.1-70b", ServiceClass.Guaranteed, Admitted: true,
            InputTokens: 1_024, CachedInputTokens: 256, OutputTokens: 600, ReasoningTokens: 120, Outcome.Completed,
            Noon, Noon.AddMilliseconds(180), Noon.AddMilliseconds(9_250), EndLost: true),
        new TokensStreamed(
            "urn:gateway:eu-1", "evt-000040", Request, Pool, Gold, Acme, "llama-3.1-70b", ServiceClass.Guaranteed, Admitted: true,
            InputTokens: 1_024, CachedInputTokens: 256, OutputTokens: 300, ReasoningTokens: 60, Noon.AddSeconds(5)),
        new UsageCorrected(
            "invoice-2026-03-17", new("urn:gateway:eu-1", "evt-000041", Position: 41), Request, Pool, Gold, Acme, "llama-3.1-70b", ServiceClass.Guaranteed, Admitted: true, Outcome.Completed,
            Requests: 0, InputTokens: -24, CachedInputTokens: 0, OutputTokens: -100, ReasoningTokens: -20, "The provider's invoice counts less.", "k-77ab01 (finance)", Noon.AddMilliseconds(9_250)),
        new PriceSet("llama-3.1-70b", Noon, [new(PriceKind.Output, MicrosPerMillion: 900_000, ServiceClass.Guaranteed)], "k-77ab01"),
        new BillingPeriodClosed("2026-03", s_march, s_march.AddMonths(1)),
        new StatementIssued(
            Acme, "2026-03", s_march, s_march.AddMonths(1), "USD", "TokenLedger", TotalTokens: 600, TotalMicros: 540, FirstPosition: 41, LastPosition: 57, TreeSize: 57,
            "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
            [new(Pool, Gold, "llama-3.1-70b", ServiceClass.Guaranteed, PriceKind.Output, PricingCategory.Committed, CommitmentStatus.Used, "2026-02", Tokens: 600, Micros: 540)]),
        new BudgetThresholdReached(Pool, Gold, Acme, "2026-03", Percent: 100, MonthlyTokens: 50_000_000, UsedTokens: 50_000_512, HardStop: true, s_april),
        new LimitsAdjusted(Pool, ThroughPosition: 56, [new(Gold, DemandTokens: 30_000, ReceivedTokens: 24_000, Debt: 0.5, Burst: 12.5, Weight: 1.25, s_baseline, OwedTokens: 6_000, ForgivenTokens: 0)]),
        new CapacityChanged(Pool, Replicas: 6, PreviousReplicas: 4, ReportedBy: "k-77ab01"),
        new ScalingDecided(
            Pool, ThroughPosition: 58, ObservedReplicas: 4, DesiredReplicas: 6, PreviousDesiredReplicas: 4, Recommendation: 6, ScalingSignal.Demand, ScalingReason.ScaledUp,
            "demand asks for 6 replicas, 6 within the bounds; 4 were desired, now 6.",
            [new(ScalingSignal.Promised, 1, [new("sequences", 32)]), new(ScalingSignal.Demand, 6, [new("forecastTokensPerSecond", 236_000.5), new("need", 5.9)])],
            new(ReadyReplicas: 4, AgeSeconds: 1.5, LedgerAgeSeconds: 0.2, Running: 480, Waiting: 12, KvCacheUsage: 0.93, PromptTokensPerSecond: 150_000, GenerationTokensPerSecond: 40_000, TimeToFirstTokenSeconds: 1.2, InterTokenSeconds: 0.03),
            new(Noon, Noon, Noon), new DesiredSides(Prefill: 2, Decode: 4)),
        new OperatorKeyIssued(s_key, "acme's finance department", [Role.Finance], Acme, s_hash),
        new OperatorKeyRevoked(s_key),
    ];

    public static IReadOnlyList<ILedgerEvent> Sparse { get; } =
    [
        new PoolOpened(Pool, s_plain),
        new PoolReconfigured(Pool, s_plain),
        new EntitlementGranted(Pool, Gold, s_openTerms),
        new EntitlementAmended(Pool, Gold, s_openTerms),
        new RequestAdmitted(Pool, Request, Gold, Acme, InputTokens: 1_024, MaxOutputTokens: null, Workload: null, ExpectedOutputTokens: 1_024, new(2_048, 268_435_456, 1), Weight: 1, Noon.AddMinutes(5)),
        new RequestDenied(Pool, Request, Gold, Acme, InputTokens: 1_024, MaxOutputTokens: null, Workload: null, Tokens: 2_048, DenialReason.NeverFits, RetryAfterMs: 0),
        new RequestQueued(Pool, Request, Gold, Acme, InputTokens: 1_024, MaxOutputTokens: null, Workload: null, Tokens: 2_048, Noon.AddSeconds(2)),
        new SettlementDeferred(Pool, Request, InputTokens: 1_024, OutputTokens: 600, UsagePosition: 41),
        new BooksCarriedForward(
            Pool, Events: 2, s_plain, Replicas: 4, CapacityPosition: 0, LimitsPosition: 0, s_bucket with { At = null }, s_books,
            [new(Gold, s_openTerms, EntitlementState.Pending, [], default, Debt: 0, Burst: 0, Weight: 1, s_bucket with { At = null }, s_bucket with { At = null }, s_books, MeanHoldTicks: null)], [], []),
        new TokensConsumed(
            "urn:gateway:eu-1", "evt-000042", Request, Pool: null, Entitlement: null, Tenant: null, Model: null, ServiceClass: null, Admitted: false,
            InputTokens: 1_024, CachedInputTokens: 0, OutputTokens: 0, ReasoningTokens: 0, Outcome.Failed, StartedAt: null, FirstTokenAt: null, Noon),
        new TokensStreamed(
            "urn:gateway:eu-1", "evt-000040", Request, Pool: null, Entitlement: null, Tenant: null, Model: null, ServiceClass: null, Admitted: false,
            InputTokens: 1_024, CachedInputTokens: 0, OutputTokens: 300, ReasoningTokens: 0, Noon),
        new UsageCorrected(
            "invoice-2026-03-18", new("urn:gateway:eu-1", "evt-000042", Position: 42), Request, Pool: null, Entitlement: null, Tenant: null, Model: null, ServiceClass: null, Admitted: false,
            Outcome.Failed, Requests: 0, InputTokens: 24, CachedInputTokens: 0, OutputTokens: 0, ReasoningTokens: 0, "The provider's invoice counts more.", "k-77ab01 (finance)", Noon),
        new PriceSet("llama-3.1-70b", Noon, [new(PriceKind.Input, MicrosPerMillion: 300_000)], "k-77ab01"),
        new StatementIssued(
            Acme, "2026-03", s_march, s_march.AddMonths(1), "USD", "TokenLedger", TotalTokens: 600, TotalMicros: 0, FirstPosition: 41, LastPosition: 57, TreeSize: 57,
            "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", [new(null, null, null, null, PriceKind.Output, PricingCategory.Standard, null, null, Tokens: 600, Micros: 0)]),
        new ScalingDecided(
            Pool, ThroughPosition: 3, ObservedReplicas: 0, DesiredReplicas: 0, PreviousDesiredReplicas: 0, Recommendation: 0, Binding: null, ScalingReason.Unchanged, "Nothing asks for 0 replicas, 0 within the bounds; 0 were desired.",
            [], new(), new()),
        new OperatorKeyIssued(s_key, "on call", [Role.Operator, Role.Auditor], Tenant: null, s_hash),
    ];

    public static ILedgerEvent FullOf(string wireName) => Full.Single(data => NameOf(data) == wireName);

    public static ILedgerEvent SparseOf(string wireName) => Sparse.Single(data => NameOf(data) == wireName);

    public static string NameOf(ILedgerEvent data) => EventCatalogue.Of(data.GetType()).WireName;
}
