using System.Text.Json;
using System.Text.Json.Serialization;

namespace TokenLedger.Engine;

/// <summary>What can go wrong with a request: every chunk late, nothing ever, a 500, an end in the middle of a stream, a broken connection, twice the usage.</summary>
public enum FaultKind { None, Slow, Hang, Error, Cut, Reset, WrongUsage }

/// <summary>What goes wrong, with which requests.</summary>
/// <param name="Every">Every so-manieth request has it.</param>
/// <param name="After">Tokens that are still produced before a cut or a reset.</param>
/// <param name="DelayMs">How late each chunk of a slow answer is.</param>
public sealed record Fault(FaultKind Kind, int Every = 1, int After = 3, int DelayMs = 100)
{
    public static readonly Fault None = new(FaultKind.None);

    public static bool TryParse(string word, out FaultKind kind)
    {
        kind = FaultKind.None;
        foreach (var one in Enum.GetValues<FaultKind>())
            if (JsonNamingPolicy.KebabCaseLower.ConvertName(one.ToString()) == word) (kind, word) = (one, "none");
        return word == "none";
    }
}

/// <summary>The switch: what goes wrong now.</summary>
internal sealed class FaultSwitch(EngineOptions options)
{
    private readonly Lock _lock = new();
    private Fault _fault = options.Fault;
    private long _requests;

    public void Set(Fault fault)
    {
        lock (_lock) (_fault, _requests) = (fault, 0);
    }

    /// <summary>What goes wrong with the next request.</summary>
    public Fault Next()
    {
        lock (_lock) return ++_requests % _fault.Every == 0 ? _fault : Fault.None;
    }
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, UseStringEnumConverter = false, Converters = [typeof(FaultKindConverter)])]
[JsonSerializable(typeof(Fault))]
internal sealed partial class FaultJson : JsonSerializerContext;

/// <summary>Kinds are words in kebab-case.</summary>
internal sealed class FaultKindConverter : JsonConverter<FaultKind>
{
    public override FaultKind Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && Fault.TryParse(reader.GetString()!, out var kind) ? kind : throw new JsonException("not a kind of fault");

    public override void Write(Utf8JsonWriter writer, FaultKind value, JsonSerializerOptions options) =>
        writer.WriteStringValue(JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString()));
}
