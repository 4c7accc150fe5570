using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace TokenLedger.Contracts;

/// <summary>One kind of event: its wire name with version, where it is written and by whom, and how it is serialised.</summary>
public sealed record EventKind(string WireName, Type Type, string Stream, string Writer, string Meaning, JsonTypeInfo Json);

/// <summary>Every event there is. Wire names are promises: a changed shape gets a new version, and the old one stays readable.</summary>
public static class EventCatalogue
{
    private const string PoolStream = "pool-{pool}";

    public static IReadOnlyList<EventKind> Kinds { get; } =
    [
        Kind<PoolOpened>("pool-opened.v1", PoolStream, "Admission", "A pool of capacity exists."),
        Kind<PoolReconfigured>("pool-reconfigured.v1", PoolStream, "Admission", "Its settings changed."),
        Kind<EntitlementGranted>("entitlement-granted.v1", PoolStream, "Admission", "A tenant is entitled to a part of the pool."),
        Kind<EntitlementAmended>("entitlement-amended.v1", PoolStream, "Admission", "The terms of an entitlement changed."),
        Kind<EntitlementRevoked>("entitlement-revoked.v1", PoolStream, "Admission", "An entitlement ended for good, and its keys with it."),
        Kind<EntitlementStateChanged>("entitlement-state-changed.v1", PoolStream, "Admission", "Capacity or the calendar changed what an entitlement is worth."),
        Kind<KeyIssued>("key-issued.v1", PoolStream, "Admission", "An inference key exists; its hash is recorded."),
        Kind<KeyRevoked>("key-revoked.v1", PoolStream, "Admission", "An inference key is no longer good."),
        Kind<RequestAdmitted>("request-admitted.v1", PoolStream, "Admission", "A request was admitted and its resources reserved."),
        Kind<RequestDenied>("request-denied.v1", PoolStream, "Admission", "A request was refused, and by which rule."),
        Kind<RequestsDenied>("requests-denied.v1", PoolStream, "Admission", "Refusals past the bound of a second, counted."),
        Kind<RequestQueued>("request-queued.v1", PoolStream, "Admission", "A request waits for capacity, and until when."),
        Kind<WaitAbandoned>("wait-abandoned.v1", PoolStream, "Admission", "A waiting request was given up by its client."),
        Kind<PrefillReleased>("prefill-released.v1", PoolStream, "Admission", "The first token came; the prefill's tokens are settled."),
        Kind<ReservationRenewed>("reservation-renewed.v1", PoolStream, "Admission", "The lease of a reservation was extended."),
        Kind<ReservationSettled>("reservation-settled.v1", PoolStream, "Admission", "A request ended with known usage."),
        Kind<SettlementDeferred>("settlement-deferred.v1", PoolStream, "Admission", "Usage came before its admission and will settle it."),
        Kind<ReservationReleased>("reservation-released.v1", PoolStream, "Admission", "A request was cancelled by its gateway."),
        Kind<ReservationExpired>("reservation-expired.v1", PoolStream, "Admission", "A lease ran out without word."),
        Kind<ReservationEvicted>("reservation-evicted.v1", PoolStream, "Admission", "A preemptible request was stopped to make room."),
        Kind<LimitsApplied>("limits-applied.v1", PoolStream, "Admission", "The pool starts to use new capacity or limits."),
        Kind<BudgetExhausted>("budget-exhausted.v1", PoolStream, "Admission", "A month's budget is consumed, and nothing more is admitted in it."),
        Kind<BooksCarriedForward>("books-carried-forward.v1", PoolStream, "Admission", "The books were closed: the pool's whole state, to start from."),
        Kind<TokensConsumed>("tokens-consumed.v1", "usage-{pool}", "Metering", "Tokens were consumed: what bills rest on."),
        Kind<TokensStreamed>("tokens-streamed.v1", "usage-{pool}", "Metering", "A long stream told how far it has come."),
        Kind<UsageCorrected>("usage-corrected.v1", "usage-{pool}", "Metering", "Recorded usage was put right, without being changed."),
        Kind<PriceSet>("price-set.v1", Streams.Prices, "Metering", "A model's price list from a time on."),
        Kind<BillingPeriodClosed>("billing-period-closed.v1", Streams.Periods, "Metering", "A month is closed: what is recorded later belongs to a later one."),
        Kind<StatementIssued>("statement-issued.v1", Streams.Statements, "Metering", "A tenant's statement for a closed month."),
        Kind<BudgetThresholdReached>("budget-threshold-reached.v1", Streams.Budgets, "Metering", "A part of a month's budget is consumed."),
        Kind<LimitsAdjusted>("limits-adjusted.v1", "fairness-{pool}", "Fairness", "A tick changed debt, burst, weight or limits."),
        Kind<CapacityChanged>("capacity-changed.v1", "fleet-{pool}", "Autoscaler", "The number of running replicas changed."),
        Kind<ScalingDecided>("scaling-decided.v1", "fleet-{pool}", "Autoscaler", "How many replicas should run, which signal asked for them and why."),
        Kind<OperatorKeyIssued>("operator-key-issued.v1", Streams.Operators, "Admission", "An operator key exists; its hash is recorded."),
        Kind<OperatorKeyRevoked>("operator-key-revoked.v1", Streams.Operators, "Admission", "An operator key is no longer good."),
    ];

    private static readonly FrozenDictionary<Type, EventKind> s_byType = Kinds.ToFrozenDictionary(kind => kind.Type);
    private static readonly FrozenDictionary<string, EventKind> s_byName = Kinds.ToFrozenDictionary(kind => kind.WireName);

    /// <summary>The kind of an event type.</summary>
    /// <exception cref="KeyNotFoundException">The type is not in the catalogue.</exception>
    public static EventKind Of(Type type) => s_byType[type];

    public static string WireName<TEvent>() where TEvent : ILedgerEvent => s_byType[typeof(TEvent)].WireName;

    public static bool TryFind(string wireName, out EventKind kind) => s_byName.TryGetValue(wireName, out kind!);

    /// <summary>The event's JSON: camelCase, UTF-8, absent fields left out.</summary>
    public static byte[] Serialize(ILedgerEvent data)
    {
        ArgumentNullException.ThrowIfNull(data);
        return JsonSerializer.SerializeToUtf8Bytes(data, s_byType[data.GetType()].Json);
    }

    /// <summary>Reads an event back.</summary>
    /// <exception cref="JsonException">The type is unknown or the JSON is not of its shape.</exception>
    public static ILedgerEvent Deserialize(string wireName, ReadOnlySpan<byte> json) =>
        s_byName.TryGetValue(wireName, out var kind)
            ? (ILedgerEvent?)JsonSerializer.Deserialize(json, kind.Json) ?? throw new JsonException($"A '{wireName}' is not null.")
            : throw new JsonException($"No event is called '{wireName}'.");

    private static EventKind Kind<TEvent>(string wireName, string stream, string writer, string meaning) where TEvent : ILedgerEvent =>
        new(wireName, typeof(TEvent), stream, writer, meaning, EventJson.Default.GetTypeInfo(typeof(TEvent))!);
}
