using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace TokenLedger.Contracts;

/// <summary>The event that there are most of, member by member: read in the general way, each of its eighteen members is boxed before the event is made of them.</summary>
public sealed class TokensConsumedConverter : JsonConverter<TokensConsumed>
{
    private readonly RequestIdConverter _request = new();
    private readonly IdConverter<PoolId> _pool = new();
    private readonly IdConverter<EntitlementId> _entitlement = new();
    private readonly IdConverter<TenantId> _tenant = new();
    private readonly WordConverter<ServiceClass> _serviceClass = new();
    private readonly WordConverter<Outcome> _outcome = new();
    private readonly UtcTimeConverter _time = new();

    public override TokensConsumed Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartObject) throw new JsonException("must be an object");
        string? source = null, eventId = null, model = null;
        var (request, outcome, admitted, endLost) = (default(RequestId), default(Outcome), false, (bool?)null);
        var (pool, entitlement, tenant, serviceClass) = ((PoolId?)null, (EntitlementId?)null, (TenantId?)null, (ServiceClass?)null);
        var (input, cached, output, reasoning) = (0L, 0L, 0L, 0L);
        var (started, firstToken, completed) = ((DateTimeOffset?)null, (DateTimeOffset?)null, default(DateTimeOffset));
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.ValueIsEscaped || reader.HasValueSequence ? Encoding.UTF8.GetBytes(reader.GetString()!) : reader.ValueSpan;
            reader.Read();
            if (name.SequenceEqual("source"u8)) source = reader.GetString();
            else if (name.SequenceEqual("eventId"u8)) eventId = reader.GetString();
            else if (name.SequenceEqual("request"u8)) request = Value(_request, ref reader, options);
            else if (name.SequenceEqual("pool"u8)) pool = OrNull(_pool, ref reader, options);
            else if (name.SequenceEqual("entitlement"u8)) entitlement = OrNull(_entitlement, ref reader, options);
            else if (name.SequenceEqual("tenant"u8)) tenant = OrNull(_tenant, ref reader, options);
            else if (name.SequenceEqual("model"u8)) model = reader.GetString();
            else if (name.SequenceEqual("serviceClass"u8)) serviceClass = OrNull(_serviceClass, ref reader, options);
            else if (name.SequenceEqual("admitted"u8)) admitted = reader.GetBoolean();
            else if (name.SequenceEqual("inputTokens"u8)) input = reader.GetInt64();
            else if (name.SequenceEqual("cachedInputTokens"u8)) cached = reader.GetInt64();
            else if (name.SequenceEqual("outputTokens"u8)) output = reader.GetInt64();
            else if (name.SequenceEqual("reasoningTokens"u8)) reasoning = reader.GetInt64();
            else if (name.SequenceEqual("outcome"u8)) outcome = Value(_outcome, ref reader, options);
            else if (name.SequenceEqual("startedAt"u8)) started = OrNull(_time, ref reader, options);
            else if (name.SequenceEqual("firstTokenAt"u8)) firstToken = OrNull(_time, ref reader, options);
            else if (name.SequenceEqual("completedAt"u8)) completed = Value(_time, ref reader, options);
            else if (name.SequenceEqual("endLost"u8)) endLost = reader.TokenType == JsonTokenType.Null ? null : reader.GetBoolean();
            else reader.Skip();
        }
        return new(source!, eventId!, request, pool, entitlement, tenant, model, serviceClass, admitted, input, cached, output, reasoning, outcome, started, firstToken, completed, endLost);
    }

    public override void Write(Utf8JsonWriter writer, TokensConsumed value, JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(writer);
        ArgumentNullException.ThrowIfNull(value);
        writer.WriteStartObject();
        writer.WriteString("source"u8, value.Source);
        writer.WriteString("eventId"u8, value.EventId);
        writer.WriteString("request"u8, value.Request.Value);
        if (value.Pool is { } pool) writer.WriteString("pool"u8, pool.Value);
        if (value.Entitlement is { } entitlement) writer.WriteString("entitlement"u8, entitlement.Value);
        if (value.Tenant is { } tenant) writer.WriteString("tenant"u8, tenant.Value);
        if (value.Model is { } model) writer.WriteString("model"u8, model);
        if (value.ServiceClass is { } serviceClass) Write(writer, "serviceClass"u8, _serviceClass, serviceClass, options);
        writer.WriteBoolean("admitted"u8, value.Admitted);
        writer.WriteNumber("inputTokens"u8, value.InputTokens);
        writer.WriteNumber("cachedInputTokens"u8, value.CachedInputTokens);
        writer.WriteNumber("outputTokens"u8, value.OutputTokens);
        writer.WriteNumber("reasoningTokens"u8, value.ReasoningTokens);
        Write(writer, "outcome"u8, _outcome, value.Outcome, options);
        if (value.StartedAt is { } started) Write(writer, "startedAt"u8, _time, started, options);
        if (value.FirstTokenAt is { } firstToken) Write(writer, "firstTokenAt"u8, _time, firstToken, options);
        Write(writer, "completedAt"u8, _time, value.CompletedAt, options);
        if (value.EndLost is { } endLost) writer.WriteBoolean("endLost"u8, endLost);
        writer.WriteEndObject();
    }

    private static T Value<T>(JsonConverter<T> converter, ref Utf8JsonReader reader, JsonSerializerOptions options) => converter.Read(ref reader, typeof(T), options)!;

    private static T? OrNull<T>(JsonConverter<T> converter, ref Utf8JsonReader reader, JsonSerializerOptions options) where T : struct =>
        reader.TokenType == JsonTokenType.Null ? null : converter.Read(ref reader, typeof(T), options);

    private static void Write<T>(Utf8JsonWriter writer, ReadOnlySpan<byte> name, JsonConverter<T> converter, T value, JsonSerializerOptions options)
    {
        writer.WritePropertyName(name);
        converter.Write(writer, value, options);
    }
}
