using System.Text.Json;
using System.Text.Unicode;

namespace TokenLedger.Gateway.Requests;

/// <summary>What the gateway needs to know of a request. Its body stays as it came.</summary>
internal sealed class ProxiedRequest
{
    private const long MostTokens = 100_000_000;
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);

    private ProxiedRequest(Api api, ReadOnlyMemory<byte> body) => (Api, Body) = (api, body);

    public Api Api { get; }
    public ReadOnlyMemory<byte> Body { get; }
    public string? Model { get; private set; }
    public bool Stream { get; private set; }

    /// <summary>Bytes of the texts that become the prompt, as they stand in the JSON.</summary>
    public long PromptBytes { get; private set; }

    /// <summary>Tokens that the request names one by one.</summary>
    public long PromptTokens { get; private set; }

    /// <summary>The limit of the output, times the number of answers; null when the request names none.</summary>
    public long? MaxOutputTokens { get; private set; }

    public PromptBlocks Blocks { get; } = new();

    /// <summary>Where <c>stream_options</c> stand in the body; null when they are absent.</summary>
    public Range? StreamOptions { get; private set; }

    public bool IncludeUsage { get; private set; }
    public bool ContinuousUsage { get; private set; }

    /// <summary>Reads a body once, front to back.</summary>
    public static Refusal? Read(Api api, ReadOnlyMemory<byte> body, out ProxiedRequest request)
    {
        request = new(api, body);
        if (!Utf8.IsValid(body.Span)) return new(StatusCodes.Status400BadRequest, "invalid-input", "The body is not UTF-8.");
        try
        {
            return request.Read();
        }
        catch (JsonException e)
        {
            return new(StatusCodes.Status400BadRequest, "invalid-input", $"The body cannot be read: {e.Message}");
        }
    }

    private Refusal? Read()
    {
        var json = new Utf8JsonReader(Body.Span, new JsonReaderOptions { MaxDepth = 128 });
        json.Read();
        if (json.TokenType != JsonTokenType.StartObject) return new(StatusCodes.Status400BadRequest, "invalid-input", "The body must be an object.");
        long answers = 1;
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var field = Known(ref json);
            json.Read();
            // Of two values under one name the server might take the other one.
            if (field is not null && !_seen.Add(field)) return Wrong(field, "stands there twice");
            switch (field)
            {
                case "model" when json.TokenType == JsonTokenType.String: Model = json.GetString(); break;
                case "stream" when json.TokenType is JsonTokenType.True or JsonTokenType.False: Stream = json.TokenType == JsonTokenType.True; break;
                case "model" or "stream" when json.TokenType != JsonTokenType.Null: return Wrong(field, "is of the wrong type");
                case "stream_options": ReadStreamOptions(ref json); break;
                case "n" or "max_tokens" or "max_completion_tokens" or "max_output_tokens" when json.TokenType != JsonTokenType.Null:
                    if (json.TokenType != JsonTokenType.Number || !json.TryGetInt64(out var number) || number is < 0 or > MostTokens) return Wrong(field, $"must be a whole number up to {MostTokens}");
                    if (field == "n") answers = Math.Max(1, number);
                    else MaxOutputTokens = Math.Max(MaxOutputTokens ?? 0, number);
                    break;
                case "messages" or "prompt" or "input" or "system" or "instructions" or "tools": ReadPrompt(ref json, field is "prompt" or "input"); break;
                default: json.Skip(); break;
            }
        }
        json.Read(); // What stands behind the object is an error.
        if (Api == Api.Embeddings) MaxOutputTokens = 0;
        if (MaxOutputTokens is { } most && (Int128)most * answers > MostTokens) return Wrong("n", "times the limit of the output is too large");
        MaxOutputTokens *= answers;
        return null;
    }

    private static Refusal Wrong(string field, string what) => new(StatusCodes.Status400BadRequest, "invalid-input", $"{field} {what}.", Param: field);

    private static string? Known(ref Utf8JsonReader json)
    {
        foreach (var name in s_fields)
            if (json.ValueTextEquals(name)) return name;
        return null;
    }

    private static readonly string[] s_fields =
        ["model", "stream", "stream_options", "n", "max_tokens", "max_completion_tokens", "max_output_tokens", "messages", "prompt", "input", "system", "instructions", "tools"];

    private void ReadPrompt(ref Utf8JsonReader json, bool mayBeTokens)
    {
        var depth = json.CurrentDepth;
        Take(ref json, mayBeTokens);
        if (json.TokenType is JsonTokenType.StartArray or JsonTokenType.StartObject)
            while (json.Read() && json.CurrentDepth > depth) Take(ref json, mayBeTokens);
    }

    private void Take(ref Utf8JsonReader json, bool mayBeTokens)
    {
        if (json.TokenType == JsonTokenType.Number && mayBeTokens) PromptTokens++;
        // A picture in the prompt is not read as text.
        if (json.TokenType != JsonTokenType.String || json.ValueSpan.StartsWith("data:"u8)) return;
        PromptBytes += json.ValueSpan.Length;
        Blocks.Add(json.ValueSpan);
    }

    private void ReadStreamOptions(ref Utf8JsonReader json)
    {
        var from = (int)json.TokenStartIndex;
        if (json.TokenType == JsonTokenType.StartObject)
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                var (usage, continuous) = (json.ValueTextEquals("include_usage"u8), json.ValueTextEquals("continuous_usage_stats"u8));
                json.Read();
                if (usage) IncludeUsage = json.TokenType == JsonTokenType.True;
                if (continuous) ContinuousUsage = json.TokenType == JsonTokenType.True;
                json.Skip();
            }
        else json.Skip();
        StreamOptions = from..(int)json.BytesConsumed;
    }
}
