using System.Text.Json;

namespace TokenLedger.Gateway.Answers;

/// <summary>What an inference server says it used, in whichever of the APIs' words; what is said later counts.</summary>
internal sealed class UsageTally
{
    private const long MostTokens = 1_000_000_000;
    private long? _input, _cacheRead, _cacheCreated, _cached, _output, _reasoning;

    /// <summary>All tokens of the prompt. Anthropic's input tokens leave out those that have to do with the cache.</summary>
    public long? Input => _input is { } input ? input + (_cacheRead ?? 0) + (_cacheCreated ?? 0) : null;

    public long? Output => _output;

    public long Cached => Math.Min(_cached ?? _cacheRead ?? 0, Input ?? 0);

    public long Reasoning => Math.Min(_reasoning ?? 0, _output ?? 0);

    /// <summary>Reads a usage object; the reader stands at its beginning and is left at its end.</summary>
    public void Read(ref Utf8JsonReader json)
    {
        if (json.TokenType != JsonTokenType.StartObject) return;
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("prompt_tokens"u8) || json.ValueTextEquals("input_tokens"u8)) Take(ref json, ref _input);
            else if (json.ValueTextEquals("completion_tokens"u8) || json.ValueTextEquals("output_tokens"u8)) Take(ref json, ref _output);
            else if (json.ValueTextEquals("cache_read_input_tokens"u8)) Take(ref json, ref _cacheRead);
            else if (json.ValueTextEquals("cache_creation_input_tokens"u8)) Take(ref json, ref _cacheCreated);
            else if (json.ValueTextEquals("prompt_tokens_details"u8) || json.ValueTextEquals("input_tokens_details"u8)) Detail(ref json, "cached_tokens"u8, ref _cached);
            else if (json.ValueTextEquals("completion_tokens_details"u8) || json.ValueTextEquals("output_tokens_details"u8)) Detail(ref json, "reasoning_tokens"u8, ref _reasoning);
            else Pass(ref json);
        }
    }

    private static void Detail(ref Utf8JsonReader json, ReadOnlySpan<byte> name, ref long? value)
    {
        json.Read();
        if (json.TokenType != JsonTokenType.StartObject) return;
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            if (json.ValueTextEquals(name)) Take(ref json, ref value);
            else Pass(ref json);
    }

    private static void Take(ref Utf8JsonReader json, ref long? value)
    {
        json.Read();
        if (json.TokenType == JsonTokenType.Number && json.TryGetInt64(out var number) && number is >= 0 and <= MostTokens) value = number;
        else json.Skip();
    }

    private static void Pass(ref Utf8JsonReader json)
    {
        json.Read();
        json.Skip();
    }
}
