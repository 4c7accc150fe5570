using System.Collections.Frozen;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace TokenLedger.Contracts;

/// <summary>Enums are words in kebab-case on the wire: one of them, exactly.</summary>
public sealed class WordConverter<TEnum> : JsonConverter<TEnum> where TEnum : struct, Enum
{
    private static readonly (JsonEncodedText Word, TEnum Value)[] s_values = [.. Enum.GetValues<TEnum>().Select(value => (JsonEncodedText.Encode(Word(value)), value))];
    private static readonly FrozenDictionary<TEnum, JsonEncodedText> s_words = s_values.ToFrozenDictionary(pair => pair.Value, pair => pair.Word);

    public override TEnum Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        // There are few words, and comparing with each costs less than a text for each event.
        if (reader.TokenType == JsonTokenType.String)
            foreach (var (word, value) in s_values)
                if (reader.ValueTextEquals(word.EncodedUtf8Bytes)) return value;
        throw new JsonException($"must be one of {string.Join(", ", s_values.Select(pair => pair.Word))}");
    }

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
        if (reader.TokenType == JsonTokenType.String && HasOffset(reader.ValueIsEscaped || reader.HasValueSequence ? Encoding.UTF8.GetBytes(reader.GetString()!) : reader.ValueSpan) && reader.TryGetDateTimeOffset(out var time))
            return time.ToUniversalTime();
        throw new JsonException("must be a time with its offset (RFC 3339), such as 2026-01-31T12:00:00Z");
    }

    // Without an offset a time would be read in the zone of whatever machine reads it.
    private static bool HasOffset(ReadOnlySpan<byte> text) => text.Length > 19 && (text[^1] is (byte)'Z' or (byte)'z' || text[^6] is (byte)'+' or (byte)'-');

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.WriteStringValue(value.UtcDateTime);
    }
}

/// <summary>Amounts as an object of three numbers. Every settled reservation holds three of these, and read in the general way they cost more than all else in it.</summary>
public sealed class ResourcesConverter : JsonConverter<Resources>
{
    public override Resources Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartObject) throw new JsonException("must be an object of tokens, kvCacheBytes and sequences");
        var (tokens, kvCacheBytes, sequences) = (0L, 0L, 0);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("tokens"u8)) tokens = reader.Read() ? reader.GetInt64() : 0;
            else if (reader.ValueTextEquals("kvCacheBytes"u8)) kvCacheBytes = reader.Read() ? reader.GetInt64() : 0;
            else if (reader.ValueTextEquals("sequences"u8)) sequences = reader.Read() ? reader.GetInt32() : 0;
            else reader.Skip();
        }
        return new(tokens, kvCacheBytes, sequences);
    }

    public override void Write(Utf8JsonWriter writer, Resources value, JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.WriteStartObject();
        writer.WriteNumber("tokens"u8, value.Tokens);
        writer.WriteNumber("kvCacheBytes"u8, value.KvCacheBytes);
        writer.WriteNumber("sequences"u8, value.Sequences);
        writer.WriteEndObject();
    }
}

/// <summary>How events are written: source-generated, camelCase, absent fields left out.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters =
    [
        typeof(WordConverter<ServiceClass>), typeof(WordConverter<EntitlementState>), typeof(WordConverter<Outcome>),
        typeof(WordConverter<Role>), typeof(WordConverter<DenialReason>), typeof(WordConverter<AdmissionPolicy>), typeof(WordConverter<QueueOrder>),
        typeof(WordConverter<ScalingSignal>), typeof(WordConverter<ScalingReason>),
        typeof(WordConverter<PriceKind>), typeof(WordConverter<PricingCategory>), typeof(WordConverter<CommitmentStatus>), typeof(UtcTimeConverter), typeof(ResourcesConverter), typeof(TokensConsumedConverter),
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
[JsonSerializable(typeof(BudgetExhausted))]
[JsonSerializable(typeof(BooksCarriedForward))]
[JsonSerializable(typeof(TokensConsumed))]
[JsonSerializable(typeof(TokensStreamed))]
[JsonSerializable(typeof(UsageCorrected))]
[JsonSerializable(typeof(PriceSet))]
[JsonSerializable(typeof(BillingPeriodClosed))]
[JsonSerializable(typeof(StatementIssued))]
[JsonSerializable(typeof(BudgetThresholdReached))]
[JsonSerializable(typeof(LimitsAdjusted))]
[JsonSerializable(typeof(CapacityChanged))]
[JsonSerializable(typeof(ScalingDecided))]
[JsonSerializable(typeof(OperatorKeyIssued))]
[JsonSerializable(typeof(OperatorKeyRevoked))]
internal sealed partial class EventJson : JsonSerializerContext;
