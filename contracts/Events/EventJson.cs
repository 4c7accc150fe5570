using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace TokenLedger.Contracts;

/// <summary>Enums are words in kebab-case on the wire: one of them, exactly.</summary>
public sealed class WordConverter<TEnum> : JsonConverter<TEnum> where TEnum : struct, Enum
{
    private static readonly FrozenDictionary<string, TEnum> s_values = Enum.GetValues<TEnum>().ToFrozenDictionary(Word);
    private static readonly FrozenDictionary<TEnum, string> s_words = s_values.ToFrozenDictionary(pair => pair.Value, pair => pair.Key);

    public override TEnum Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && s_values.TryGetValue(reader.GetString()!, out var value)
            ? value
            : throw new JsonException($"must be one of {string.Join(", ", s_values.Values.Select(Word))}");

    public override void Write(Utf8JsonWriter writer, TEnum value, JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.WriteStringValue(s_words[value]);
    }

    /// <summary>A value as it stands on the wire.</summary>
    public static string Word(TEnum value) => JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString());
}

/// <summary>Times are UTC with a Z, to the last digit that is not zero (RFC 3339).</summary>
public sealed class UtcTimeConverter : JsonConverter<DateTimeOffset>
{
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        // Without an offset a time would be read in the zone of whatever machine reads it.
        if (reader.TokenType == JsonTokenType.String && reader.GetString() is { Length: > 19 } text && (text[^1] is 'Z' or 'z' || text[^6] is '+' or '-') && reader.TryGetDateTimeOffset(out var time))
            return time.ToUniversalTime();
        throw new JsonException("must be a time with its offset (RFC 3339), such as 2026-01-31T12:00:00Z");
    }

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.WriteStringValue(value.UtcDateTime);
    }
}

/// <summary>How events are written: source-generated, camelCase, absent fields left out.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters =
    [
        typeof(WordConverter<ServiceClass>), typeof(WordConverter<EntitlementState>), typeof(WordConverter<Outcome>),
        typeof(WordConverter<Role>), typeof(WordConverter<DenialReason>), typeof(WordConverter<AdmissionPolicy>), typeof(WordConverter<QueueOrder>), typeof(UtcTimeConverter),
    ])]
[JsonSerializable(typeof(PoolOpened))]
[JsonSerializable(typeof(PoolReconfigured))]
[JsonSerializable(typeof(EntitlementGranted))]
[JsonSerializable(typeof(EntitlementAmended))]
[JsonSerializable(typeof(EntitlementRevoked))]
[JsonSerializable(typeof(EntitlementStateChanged))]
[JsonSerializable(typeof(KeyIssued))]
[JsonSerializable(typeof(KeyRevoked))]
[JsonSerializable(typeof(RequestAdmitted))]
[JsonSerializable(typeof(RequestDenied))]
[JsonSerializable(typeof(RequestsDenied))]
[JsonSerializable(typeof(RequestQueued))]
[JsonSerializable(typeof(WaitAbandoned))]
[JsonSerializable(typeof(PrefillReleased))]
[JsonSerializable(typeof(ReservationRenewed))]
[JsonSerializable(typeof(ReservationSettled))]
[JsonSerializable(typeof(SettlementDeferred))]
[JsonSerializable(typeof(ReservationReleased))]
[JsonSerializable(typeof(ReservationExpired))]
[JsonSerializable(typeof(ReservationEvicted))]
[JsonSerializable(typeof(LimitsApplied))]
[JsonSerializable(typeof(BooksCarriedForward))]
[JsonSerializable(typeof(TokensConsumed))]
[JsonSerializable(typeof(LimitsAdjusted))]
[JsonSerializable(typeof(CapacityChanged))]
[JsonSerializable(typeof(OperatorKeyIssued))]
[JsonSerializable(typeof(OperatorKeyRevoked))]
internal sealed partial class EventJson : JsonSerializerContext;
