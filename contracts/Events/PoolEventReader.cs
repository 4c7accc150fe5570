using System.Text.Json;
using System.Text.Json.Serialization;

namespace TokenLedger.Contracts;

/// <summary>
/// Reads the two events that nearly all of a ledger's decisions consist of without the general way's array of boxed members, which takes twice as long.
/// It reads them as they are written; anything else it leaves to the general way.
/// </summary>
internal static class PoolEventReader
{
    private static readonly JsonSerializerOptions s_options = EventJson.Default.Options;
    private static readonly JsonConverter<PoolId> s_pools = Converter<PoolId>();
    private static readonly JsonConverter<RequestId> s_requests = Converter<RequestId>();
    private static readonly JsonConverter<EntitlementId> s_entitlements = Converter<EntitlementId>();
    private static readonly JsonConverter<TenantId> s_tenants = Converter<TenantId>();
    private static readonly JsonConverter<Resources> s_resources = Converter<Resources>();
    private static readonly JsonConverter<DateTimeOffset> s_times = Converter<DateTimeOffset>();
    private static readonly JsonConverter<DenialReason> s_reasons = Converter<DenialReason>();

    /// <returns>Null when it is not quite as such an event is written.</returns>
    public static ILedgerEvent? Read(Type type, ReadOnlySpan<byte> json)
    {
        try
        {
            return type == typeof(RequestAdmitted) ? Admitted(json) : type == typeof(ReservationSettled) ? Settled(json) : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }

    private static RequestAdmitted? Admitted(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        var (seen, pool, request, entitlement, tenant, reserved, expiresAt) = (0, default(PoolId), default(RequestId), default(EntitlementId), default(TenantId), default(Resources), default(DateTimeOffset));
        var (input, most, workload, expected, weight, shadow) = (0L, default(long?), default(string), 0L, 0.0, default(DenialReason?));
        for (reader.Read(); reader.Read() && reader.TokenType == JsonTokenType.PropertyName; seen++)
        {
            var name = reader.ValueSpan;
            reader.Read();
            if (name.SequenceEqual("pool"u8)) pool = Of(s_pools, ref reader);
            else if (name.SequenceEqual("tenant"u8)) tenant = Of(s_tenants, ref reader);
            else if (name.SequenceEqual("weight"u8)) weight = reader.GetDouble();
            else if (name.SequenceEqual("request"u8)) request = Of(s_requests, ref reader);
            else if (name.SequenceEqual("reserved"u8)) reserved = Of(s_resources, ref reader);
            else if (name.SequenceEqual("expiresAt"u8)) expiresAt = Of(s_times, ref reader);
            else if (name.SequenceEqual("entitlement"u8)) entitlement = Of(s_entitlements, ref reader);
            else if (name.SequenceEqual("inputTokens"u8)) input = reader.GetInt64();
            else if (name.SequenceEqual("expectedOutputTokens"u8)) expected = reader.GetInt64();
            // These three are left out when there is nothing to say.
            else if (name.SequenceEqual("workload"u8)) (workload, seen) = (reader.GetString(), seen - 1);
            else if (name.SequenceEqual("maxOutputTokens"u8)) (most, seen) = (reader.GetInt64(), seen - 1);
            else if (name.SequenceEqual("shadowDenial"u8)) (shadow, seen) = (Of(s_reasons, ref reader), seen - 1);
            else return null;
        }
        return seen == 9 && IsOver(ref reader) ? new(pool, request, entitlement, tenant, input, most, workload, expected, reserved, weight, expiresAt, shadow) : null;
    }

    private static ReservationSettled? Settled(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        var (seen, pool, request, entitlement) = (0, default(PoolId), default(RequestId), default(EntitlementId));
        var (input, output, settled, returned, excess, usage) = (0L, 0L, default(Resources), default(Resources), default(Resources), 0L);
        for (reader.Read(); reader.Read() && reader.TokenType == JsonTokenType.PropertyName; seen++)
        {
            var name = reader.ValueSpan;
            reader.Read();
            if (name.SequenceEqual("pool"u8)) pool = Of(s_pools, ref reader);
            else if (name.SequenceEqual("excess"u8)) excess = Of(s_resources, ref reader);
            else if (name.SequenceEqual("request"u8)) request = Of(s_requests, ref reader);
            else if (name.SequenceEqual("settled"u8)) settled = Of(s_resources, ref reader);
            else if (name.SequenceEqual("returned"u8)) returned = Of(s_resources, ref reader);
            else if (name.SequenceEqual("entitlement"u8)) entitlement = Of(s_entitlements, ref reader);
            else if (name.SequenceEqual("inputTokens"u8)) input = reader.GetInt64();
            else if (name.SequenceEqual("outputTokens"u8)) output = reader.GetInt64();
            else if (name.SequenceEqual("usagePosition"u8)) usage = reader.GetInt64();
            else return null;
        }
        return seen == 9 && IsOver(ref reader) ? new(pool, request, entitlement, input, output, settled, returned, excess, usage) : null;
    }

    private static T Of<T>(JsonConverter<T> converter, ref Utf8JsonReader reader) => converter.Read(ref reader, typeof(T), s_options)!;

    private static bool IsOver(ref Utf8JsonReader reader) => reader.TokenType == JsonTokenType.EndObject && reader.CurrentDepth == 0 && !reader.Read();

    private static JsonConverter<T> Converter<T>() => (JsonConverter<T>)s_options.GetConverter(typeof(T));
}
