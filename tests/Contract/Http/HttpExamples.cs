using System.Text.Json;
using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;

namespace TokenLedger.Tests.Contract;

/// <summary>A body of the API; the type is the one that it is written and read as.</summary>
internal sealed record HttpExample(string Name, Type Shape, object Value)
{
    public static HttpExample Of<T>(T value, string? variant = null) where T : notnull => new(typeof(T).Name + (variant is null ? "" : "_" + variant), typeof(T), value);
}

/// <summary>Examples of every body that the API takes or answers with: with all fields, and without those that may be left out.</summary>
internal static class HttpExamples
{
    private static readonly PoolId s_pool = EventExamples.Pool;
    private static readonly EntitlementId s_gold = EventExamples.Gold;
    private static readonly TenantId s_acme = EventExamples.Acme;
    private static readonly RequestId s_request = EventExamples.Request;
    private static readonly DateTimeOffset s_noon = EventExamples.Noon;
    private static readonly KeyId s_key = new("k-4f1d2a");
    private static readonly Resources s_held = new(1_536, 201_326_592, 1);
    private static readonly Capacity s_baseline = new(20_000, 8_589_934_592, 32);
    private static readonly FairnessShare s_share = new(s_gold, DemandTokens: 30_000, ReceivedTokens: 24_000, Debt: 0.5, Burst: 12.5, Weight: 1.25, s_baseline, OwedTokens: 4_200, ForgivenTokens: 60);
    private static readonly EntitlementView s_entitlement = new(
        s_gold, s_acme, ServiceClass.Guaranteed, EntitlementState.Bound, SloTargetMs: 2_000, s_baseline, s_baseline, s_held, Debt: 0.5, Burst: 12.5, Weight: 1.25,
        s_noon, s_noon.AddYears(1), [s_key], new(MonthlyTokens: 50_000_000, HardStop: true), s_noon.AddDays(30));
    private static readonly PoolView s_view = new(
        s_pool, "llama-3.1-70b", Replicas: 4, new(50_000, 34_359_738_368, 128), KvBytesPerToken: 131_072, DefaultMaxOutputTokens: 1_024, BurstSeconds: 10, LeaseSeconds: 300,
        AdmissionPolicy.WeightedShare, Shadow: false, TickMs: 1_000, new(1, 8, 0.8, new()),
        new(new(200_000, 20_000, 1_536, 1_998_464), new(137_438_953_472, 8_589_934_592, 201_326_592, 137_237_626_880), new(512, 32, 1, 511)),
        OpenReservations: 1, [s_entitlement], LedgerVersion: 12, Lending: 0.5, new(), WaitingRequests: 3, new());
    private static readonly PutPool s_putPool = new(
        "llama-3.1-70b", Replicas: 4, new(50_000, 34_359_738_368, 128), KvBytesPerToken: 131_072, DefaultMaxOutputTokens: 1_024,
        new(1, 8, 0.8, new(60, 0, 300, 0, 1, 0.05, 15, 1_000, 2_000, 100, 120, 30, 600), [new("0 8 * * 1-5", 600, 6)], new(1, 3, 120_000, 30_000, true)),
        BurstSeconds: 10, LeaseSeconds: 300, AdmissionPolicy.WeightedShare, Shadow: false, TickMs: 1_000, Lending: 0.5, new(QueueOrder.WeightOverCost, 256, 30_000), new(Enabled: true, Quantile: 0.9, MinSamples: 32));
    private static readonly EventView s_event = new(
        41, "usage-chat", 7, Guid.Parse("e8660146-463d-82db-9a5c-3cfdad274a85"), "tokens-consumed.v1", s_noon, Json("""{"admitted":true}"""), "a-correlation", "a-cause");
    private static readonly byte[] s_hash = [.. Enumerable.Range(0, 32).Select(n => (byte)n)];
    private static readonly string s_note = $"ledger.example.org\n57\n{Convert.ToBase64String(s_hash)}\nchain {Convert.ToBase64String(s_hash)}\n\n— ledger.example.org zE/FfjBFAiEA\n";
    private static readonly LedgerKeyView s_ledgerKey = new("ledger.example.org", "cc4fc57e", "ecdsa-p256-sha256", new byte[] { 48, 89 }, "ledger.example.org+cc4fc57e+AjBZ");
    private static readonly UsageData s_usage = new(
        s_pool, InputTokens: 1_024, OutputTokens: 600, Outcome.Aborted, CachedInputTokens: 256, ReasoningTokens: 120, s_noon, s_noon.AddMilliseconds(180), s_noon.AddMilliseconds(9_250));
    private static readonly UsageResult s_recorded = new("evt-000041", "urn:gateway:eu-1", 202, LedgerPosition: 41, Duplicate: false, Admitted: true, Reason: null, Detail: null);
    private static readonly UsageResult s_refused = new("evt-000042", "urn:gateway:eu-1", 400, null, null, null, "invalid-input", "data.inputTokens is required.",
        new Dictionary<string, string[]> { ["data.inputTokens"] = ["is required"] });
    private static readonly PostCorrection s_correction = new(
        "invoice-2026-03-17", new("urn:gateway:eu-1", "evt-000041"), new(InputTokens: -24, CachedInputTokens: 0, OutputTokens: -100, ReasoningTokens: -20), "The provider's invoice counts less.");
    private static readonly CorrectionResult s_corrected = new("invoice-2026-03-17", 202, LedgerPosition: 43, Duplicate: false, Reason: null, Detail: null);
    private static readonly UsageRow s_row = new(s_noon, s_acme, s_pool, s_gold, "llama-3.1-70b", 8_819, 18_059_974, 4_096, 245_896, 1_024, 0);
    private static readonly UsageRow s_total = new(null, null, null, null, null, 28_185, 40_421_844, 0, 4_334_561, 0, 0);
    private static readonly UsageEntry s_entry = new(
        41, s_request, "urn:gateway:eu-1", "evt-000041", s_acme, s_pool, s_gold, "llama-3.1-70b", true, Outcome.Completed, 1_024, 256, 600, 120, 0, s_noon);
    private static readonly CloudEvent s_cloudEvent = new(
        "1.0", CloudEvent.TokensConsumedType, "urn:gateway:eu-1", "evt-000041", s_request.ToString(), s_noon, "application/json", Json("""{"inputTokens":1024,"outputTokens":600,"outcome":"completed"}"""));

    private static readonly ApiGroup s_group = new(
        "external.metrics.k8s.io", [new("external.metrics.k8s.io/v1beta1", "v1beta1")], new("external.metrics.k8s.io/v1beta1", "v1beta1"));
    private static readonly ScalingDecided s_decided = (ScalingDecided)EventExamples.FullOf("scaling-decided.v1");

    public static IReadOnlyList<HttpExample> Requests { get; } =
    [
        HttpExample.Of(s_putPool),
        HttpExample.Of(s_putPool with { Scaling = null, BurstSeconds = null, LeaseSeconds = null, Policy = null, Shadow = null, TickMs = null, Lending = null, Queue = null, Estimation = null }, "sparse"),
        HttpExample.Of(s_putPool with { Scaling = new(1, 8, 0.8) }, "bounds"),
        HttpExample.Of(new PutEntitlement(s_acme, ServiceClass.Guaranteed, SloTargetMs: 2_000, new(20_000, 8_589_934_592, 32), s_noon, s_noon.AddYears(1), new(MonthlyTokens: 50_000_000, HardStop: true))),
        HttpExample.Of(new PutEntitlement(s_acme, ServiceClass.Spot, SloTargetMs: 2_000, Baseline: null), "sparse"),
        HttpExample.Of(new PutCapacity(6)),
        HttpExample.Of(new PostOperatorKey("acme's finance department", [Role.Finance], s_acme)),
        HttpExample.Of(new PostOperatorKey("on call", [Role.Operator, Role.Auditor]), "sparse"),
        HttpExample.Of(new PostAdmission(s_request, InputTokens: 1_024, MaxOutputTokens: 512, "chat", WaitMs: 500)),
        HttpExample.Of(new PostAdmission(s_request, InputTokens: 1_024), "sparse"),
        HttpExample.Of(s_usage),
        HttpExample.Of(new UsageData(null, InputTokens: 1_024, OutputTokens: 600, Outcome.Completed), "sparse"),
        HttpExample.Of(new StreamedData(s_pool, InputTokens: 1_024, OutputTokens: 300, CachedInputTokens: 256, ReasoningTokens: 60, s_noon)),
        HttpExample.Of(new StreamedData(null, InputTokens: 1_024, OutputTokens: 300), "sparse"),
        HttpExample.Of(s_correction),
        HttpExample.Of(s_correction with { Deltas = new(OutputTokens: -100) }, "sparse"),
        HttpExample.Of(s_cloudEvent),
        .. BillingExamples.Requests,
        new("CloudEventBatch", typeof(IReadOnlyList<CloudEvent>), new[] { s_cloudEvent with { Time = null, DataContentType = null } }),
    ];

    public static IReadOnlyList<HttpExample> Answers { get; } =
    [
        HttpExample.Of(s_view),
        HttpExample.Of(new PoolList([s_view])),
        HttpExample.Of(s_entitlement with { ValidFrom = null, ValidTo = null, Keys = [], Budget = null, ExhaustedUntil = null }),
        HttpExample.Of(new NewKey(s_key, "tli_k-4f1d2a_shown-once")),
        HttpExample.Of(new OperatorKeyList([new(s_key, "acme's finance department", [Role.Finance], s_acme), new(s_key, "on call", [Role.Operator, Role.Auditor], null)])),
        HttpExample.Of(new AdmissionView(s_request, s_pool, s_gold, s_held, ExpectedOutputTokens: 512, Weight: 1.25, s_noon.AddMinutes(5), LedgerPosition: 40)),
        HttpExample.Of(new ReservationView(s_request, s_pool, s_gold, new(512, 201_326_592, 1), s_noon.AddMinutes(5), LedgerPosition: 42)),
        HttpExample.Of(s_recorded),
        HttpExample.Of(s_refused, "refused"),
        HttpExample.Of(new UsageBatchResult(Accepted: 1, Rejected: 1, [s_recorded, s_refused])),
        HttpExample.Of(s_corrected),
        HttpExample.Of(new CorrectionBatchResult(Accepted: 1, Rejected: 1, [s_corrected, s_corrected with { Status = 404, LedgerPosition = null, Duplicate = null, Reason = "usage-unknown", Detail = "No usage was recorded." }])),
        HttpExample.Of(new UsageReport(LedgerPosition: 57, [s_row, s_total])),
        HttpExample.Of(new UsageHistory(LedgerPosition: 57, [s_entry, s_entry with { Tenant = null, Pool = null, Entitlement = null, Model = null, Admitted = false }], Next: 41)),
        HttpExample.Of(new UsageHistory(LedgerPosition: 57, [s_entry with { EndLost = true }, s_entry with
        {
            Position = 43, Source = "tokenledger:correction", Id = "invoice-2026-03-17", InputTokens = -24, CachedInputTokens = 0, OutputTokens = -100, ReasoningTokens = -20,
            Corrects = new("urn:gateway:eu-1", "evt-000041", 41, "The provider's invoice counts less.", "k-77ab01 (finance)"),
        }], Next: null), "corrected"),
        HttpExample.Of(new UsageHistory(LedgerPosition: 57, [], Next: null), "last"),
        .. BillingExamples.Answers,
        HttpExample.Of(new LedgerHead(57)),
        HttpExample.Of(new LedgerEvents(Head: 57, Through: 41, [s_event])),
        HttpExample.Of(s_event with { CorrelationId = null, CausationId = null }),
        HttpExample.Of(new LedgerKeyList([s_ledgerKey])),
        HttpExample.Of(new CheckpointView("ledger.example.org", Size: 57, s_hash, s_hash, s_noon, s_note, s_ledgerKey)),
        HttpExample.Of(new CheckpointView("ledger.example.org", Size: 57, s_hash, Chain: null, s_noon, s_note, Key: null), "sparse"),
        HttpExample.Of(new CheckpointList([new(57, s_noon, s_note)])),
        HttpExample.Of(new InclusionProof(Position: 41, LeafIndex: 40, s_hash, Size: 57, s_hash, [s_hash, s_hash], s_note)),
        HttpExample.Of(new InclusionProof(Position: 41, LeafIndex: 40, s_hash, Size: 50, s_hash, [s_hash], Checkpoint: null), "of-another-size"),
        HttpExample.Of(new ConsistencyProof(From: 41, To: 57, s_hash, s_hash, [s_hash])),
        HttpExample.Of(new FairnessView(s_pool, LedgerPosition: 58, s_noon, JainIndex: 0.98, [s_share])),
        HttpExample.Of(new FairnessView(s_pool, LedgerPosition: 3, TickAt: null, JainIndex: 1, []), "before-the-first-tick"),
        HttpExample.Of(new FairnessHistory(s_pool, [new(s_pool, LedgerPosition: 58, s_noon, JainIndex: 0.98, [s_share])])),
        HttpExample.Of(new ScalingView(
            s_pool, LedgerPosition: 59, s_noon, s_decided.ObservedReplicas, s_decided.DesiredReplicas, s_decided.PreviousDesiredReplicas, s_decided.Recommendation, MinReplicas: 1, MaxReplicas: 8,
            s_decided.Binding, s_decided.Reason, s_decided.Detail, s_decided.Signals, s_decided.Observation, s_decided.Sides)),
        HttpExample.Of(new ScalingView(
            s_pool, LedgerPosition: 59, s_noon, ObservedReplicas: 2, DesiredReplicas: 2, PreviousDesiredReplicas: 2, Recommendation: 2, MinReplicas: 1, MaxReplicas: 8, Binding: null, ScalingReason.Unchanged,
            "Nothing asks for more.", [], new(), Sides: null,
            new("kubernetes", "actuator", Ready: 2, [new("http://10.1.0.4:8000", ReplicaState.Serving, 4, 1, s_noon), new("http://10.1.0.5:8000", ReplicaState.Lost, Failure: "It cannot be reached.")],
                Failures: 3, "The API server answered 403 to GET /apis/apps/v1.", s_noon.AddSeconds(4))), "of-a-fleet"),
        HttpExample.Of(new ScalingMetric(6)),
        HttpExample.Of(new ApiGroupList("APIGroupList", "v1", [s_group])),
        HttpExample.Of(s_group with { Kind = "APIGroup", ApiVersion = "v1" }),
        HttpExample.Of(new ApiResourceList("APIResourceList", "v1", "external.metrics.k8s.io/v1beta1", [new("tokenledger_desired_replicas", "", true, "ExternalMetricValueList", ["get"])])),
        HttpExample.Of(new ExternalMetricValueList(
            "ExternalMetricValueList", "external.metrics.k8s.io/v1beta1", new(), [new("tokenledger_desired_replicas", new Dictionary<string, string> { ["pool"] = s_pool.Value }, s_noon, "6")])),
        HttpExample.Of(new ScalingHistory(
            s_pool, [new(59, s_noon, s_decided.ObservedReplicas, s_decided.DesiredReplicas, s_decided.Recommendation, s_decided.Binding, s_decided.Reason, s_decided.Detail), new(60, s_noon, Replicas: 6)], Next: 60)),
        HttpExample.Of(new ScalingHistory(s_pool, []), "last"),
        HttpExample.Of(new CapacityView(s_pool, Replicas: 6, LedgerPosition: 57)),
    ];

    private static JsonElement Json(string text) => JsonSerializer.Deserialize<JsonElement>(text);
}
