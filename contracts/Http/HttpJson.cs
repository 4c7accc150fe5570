using System.Text.Json;
using System.Text.Json.Serialization;

namespace TokenLedger.Contracts.Http;

/// <summary>How the API reads and writes JSON: source-generated, camelCase, absent fields left out, numbers only as numbers, unknown fields refused.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    NumberHandling = JsonNumberHandling.Strict, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    Converters =
    [
        typeof(WordConverter<ServiceClass>), typeof(WordConverter<EntitlementState>), typeof(WordConverter<Outcome>),
        typeof(WordConverter<Role>), typeof(WordConverter<DenialReason>), typeof(WordConverter<AdmissionPolicy>), typeof(WordConverter<QueueOrder>),
        typeof(WordConverter<ScalingSignal>), typeof(WordConverter<ScalingReason>), typeof(WordConverter<ReplicaState>),
        typeof(WordConverter<PriceKind>), typeof(WordConverter<PricingCategory>), typeof(WordConverter<CommitmentStatus>), typeof(UtcTimeConverter),
    ])]
[JsonSerializable(typeof(PutPool))]
[JsonSerializable(typeof(PutEntitlement))]
[JsonSerializable(typeof(PutCapacity))]
[JsonSerializable(typeof(PoolView))]
[JsonSerializable(typeof(PoolList))]
[JsonSerializable(typeof(NewKey))]
[JsonSerializable(typeof(PostOperatorKey))]
[JsonSerializable(typeof(OperatorKeyList))]
[JsonSerializable(typeof(PostAdmission))]
[JsonSerializable(typeof(AdmissionView))]
[JsonSerializable(typeof(ReservationView))]
[JsonSerializable(typeof(UsageData))]
[JsonSerializable(typeof(StreamedData))]
[JsonSerializable(typeof(PostCorrection))]
[JsonSerializable(typeof(CorrectionResult))]
[JsonSerializable(typeof(CorrectionBatchResult))]
[JsonSerializable(typeof(UsageResult))]
[JsonSerializable(typeof(UsageBatchResult))]
[JsonSerializable(typeof(UsageReport))]
[JsonSerializable(typeof(UsageHistory))]
[JsonSerializable(typeof(PutPrices))]
[JsonSerializable(typeof(PriceListView))]
[JsonSerializable(typeof(PriceLists))]
[JsonSerializable(typeof(StatementView))]
[JsonSerializable(typeof(StatementList))]
[JsonSerializable(typeof(ClosingView))]
[JsonSerializable(typeof(ClosingRuns))]
[JsonSerializable(typeof(EntitlementValue))]
[JsonSerializable(typeof(LedgerHead))]
[JsonSerializable(typeof(LedgerEvents))]
[JsonSerializable(typeof(LedgerKeyList))]
[JsonSerializable(typeof(CheckpointView))]
[JsonSerializable(typeof(CheckpointList))]
[JsonSerializable(typeof(InclusionProof))]
[JsonSerializable(typeof(ConsistencyProof))]
[JsonSerializable(typeof(FairnessView))]
[JsonSerializable(typeof(FairnessHistory))]
[JsonSerializable(typeof(CapacityView))]
[JsonSerializable(typeof(ScalingView))]
[JsonSerializable(typeof(ScalingHistory))]
[JsonSerializable(typeof(ScalingMetric))]
[JsonSerializable(typeof(ApiGroupList))]
[JsonSerializable(typeof(ApiGroup))]
[JsonSerializable(typeof(ApiResourceList))]
[JsonSerializable(typeof(ExternalMetricValueList))]
public sealed partial class HttpJson : JsonSerializerContext;

/// <summary>How CloudEvents are read: the same, except that extension attributes may stand beside the known ones.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, NumberHandling = JsonNumberHandling.Strict,
    Converters = [typeof(UtcTimeConverter)])]
[JsonSerializable(typeof(CloudEvent))]
[JsonSerializable(typeof(IReadOnlyList<CloudEvent>))]
public sealed partial class CloudEventJson : JsonSerializerContext;
