using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace TokenLedger.Contracts;

/// <summary>A name that stands in addresses and stream ids: 1 to 64 of <c>A–Z a–z 0–9 . _ -</c>, the first a letter or digit.</summary>
public static class Names
{
    public const int MaxLength = 64;
    public const string Rule = "must be 1 to 64 characters of A-Z, a-z, 0-9, '.', '_' and '-', the first a letter or a digit";

    public static bool AreValid([NotNullWhen(true)] string? text)
    {
        if (string.IsNullOrEmpty(text) || text.Length > MaxLength || !char.IsAsciiLetterOrDigit(text[0])) return false;
        foreach (var c in text)
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('.' or '_' or '-')) return false;
        return true;
    }
}

/// <summary>What every id can do: be read from text, refuse text that is not one, and print itself.</summary>
public interface IId<TSelf> : IParsable<TSelf> where TSelf : struct, IId<TSelf>
{
    static abstract string Rule { get; }
}

[JsonConverter(typeof(IdConverter<PoolId>))]
public readonly record struct PoolId(string Value) : IId<PoolId>
{
    public static string Rule => Names.Rule;
    public static PoolId Parse(string s, IFormatProvider? provider = null) => TryParse(s, provider, out var id) ? id : throw new FormatException($"A pool name {Rule}.");
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out PoolId result)
    {
        result = Names.AreValid(s) ? new(s) : default;
        return result.Value is not null;
    }
    public override string ToString() => Value;
}

[JsonConverter(typeof(IdConverter<EntitlementId>))]
public readonly record struct EntitlementId(string Value) : IId<EntitlementId>
{
    public static string Rule => Names.Rule;
    public static EntitlementId Parse(string s, IFormatProvider? provider = null) => TryParse(s, provider, out var id) ? id : throw new FormatException($"An entitlement name {Rule}.");
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out EntitlementId result)
    {
        result = Names.AreValid(s) ? new(s) : default;
        return result.Value is not null;
    }
    public override string ToString() => Value;
}

[JsonConverter(typeof(IdConverter<TenantId>))]
public readonly record struct TenantId(string Value) : IId<TenantId>
{
    public static string Rule => Names.Rule;
    public static TenantId Parse(string s, IFormatProvider? provider = null) => TryParse(s, provider, out var id) ? id : throw new FormatException($"A tenant name {Rule}.");
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out TenantId result)
    {
        result = Names.AreValid(s) ? new(s) : default;
        return result.Value is not null;
    }
    public override string ToString() => Value;
}

[JsonConverter(typeof(IdConverter<KeyId>))]
public readonly record struct KeyId(string Value) : IId<KeyId>
{
    public static string Rule => Names.Rule;
    public static KeyId Parse(string s, IFormatProvider? provider = null) => TryParse(s, provider, out var id) ? id : throw new FormatException($"A key id {Rule}.");
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out KeyId result)
    {
        result = Names.AreValid(s) ? new(s) : default;
        return result.Value is not null;
    }
    public override string ToString() => Value;
}

/// <summary>A request, named by its client with a UUID so that it is unique without asking anyone.</summary>
[JsonConverter(typeof(RequestIdConverter))]
public readonly record struct RequestId(Guid Value) : IId<RequestId>
{
    public static string Rule => "must be a UUID, such as 0f8fad5b-d9cb-469f-a165-70867728950e";
    public static RequestId Parse(string s, IFormatProvider? provider = null) => TryParse(s, provider, out var id) ? id : throw new FormatException($"A request id {Rule}.");
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out RequestId result)
    {
        // The framework takes blanks around it, which would make two texts one id.
        var ok = Guid.TryParseExact(s, "D", out var value) & value != Guid.Empty & s?.Length == 36;
        result = new(value);
        return ok;
    }
    public override string ToString() => Value.ToString("D");
}

/// <summary>
/// Writes a name as its text and refuses text that breaks its rule. Millions of events name the same few pools, tenants and entitlements:
/// a name met before is not made again, so that they all hold one text.
/// </summary>
public sealed class IdConverter<TId> : JsonConverter<TId> where TId : struct, IId<TId>
{
    private readonly Known?[] _known = new Known?[4_096];

    public override TId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.String) throw new JsonException(TId.Rule);
        if (reader.ValueIsEscaped || reader.HasValueSequence) return Parse(reader.GetString()!);
        // One that is evicted by another is made again; two threads that meet here write one whole name or the other.
        ref var known = ref _known[Slot(reader.ValueSpan)];
        var met = Volatile.Read(ref known);
        if (met is null || !Ascii.Equals(reader.ValueSpan, met.Text))
        {
            var text = reader.GetString()!;
            Volatile.Write(ref known, met = new(text, Parse(text)));
        }
        return met.Id;
    }

    public override void Write(Utf8JsonWriter writer, TId value, JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.WriteStringValue(value.ToString());
    }

    private static TId Parse(string text) => TId.TryParse(text, null, out var id) ? id : throw new JsonException(TId.Rule);

    private int Slot(ReadOnlySpan<byte> utf8)
    {
        var hash = 2_166_136_261;
        foreach (var b in utf8) hash = unchecked((hash ^ b) * 16_777_619);
        return (int)((hash ^ hash >> 16) % (uint)_known.Length);
    }

    private sealed record Known(string Text, TId Id);
}

/// <summary>Writes a request's id as its text and refuses text that is no UUID.</summary>
public sealed class RequestIdConverter : JsonConverter<RequestId>
{
    public override RequestId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && reader.TryGetGuid(out var id) && id != Guid.Empty ? new(id) : throw new JsonException(RequestId.Rule);

    public override void Write(Utf8JsonWriter writer, RequestId value, JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.WriteStringValue(value.Value);
    }
}
