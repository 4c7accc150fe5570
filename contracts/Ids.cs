using System.Diagnostics.CodeAnalysis;
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
[JsonConverter(typeof(IdConverter<RequestId>))]
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

/// <summary>Writes an id as its text and refuses text that breaks the id's rule.</summary>
public sealed class IdConverter<TId> : JsonConverter<TId> where TId : struct, IId<TId>
{
    public override TId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.String && TId.TryParse(reader.GetString(), null, out var id)) return id;
        throw new JsonException(TId.Rule);
    }

    public override void Write(Utf8JsonWriter writer, TId value, JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.WriteStringValue(value.ToString());
    }
}
