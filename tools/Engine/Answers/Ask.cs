using System.Text.Json;

namespace TokenLedger.Engine;

/// <summary>The APIs that the engine speaks.</summary>
internal enum Api { Chat, Completions, Responses, Messages, Embeddings }

/// <summary>A request as far as the simulation needs it; unknown fields are passed over, as vLLM does.</summary>
internal sealed record Ask(Api Api, string Prompt, IReadOnlyList<string> Inputs, int? Limit, bool Stream, bool IncludeUsage, bool ContinuousUsage, bool IgnoreEos, bool Base64, ToolCall? Tool)
{
    /// <returns>What is wrong with the request and in which field; null when nothing is.</returns>
    public static (string Message, string Param)? Read(Api api, JsonElement body, out Ask ask)
    {
        ask = null!;
        if (body.ValueKind != JsonValueKind.Object) return ("the body must be an object", "body");
        var field = api switch { Api.Chat or Api.Messages => "messages", Api.Completions => "prompt", _ => "input" };
        var texts = Prompts.Read(api, body, field);
        if (texts is null or []) return ($"{field} must be text, or a list of it", field);
        var prompt = string.Join('\n', texts);
        int? limit = null;
        foreach (var name in (string[])["max_tokens", "max_completion_tokens", "max_output_tokens"])
            if (body.TryGetProperty(name, out var number) && number.ValueKind != JsonValueKind.Null)
            {
                if (number.ValueKind != JsonValueKind.Number || !number.TryGetInt32(out var value) || value < 1) return ($"{name} must be at least 1", name);
                limit = value;
            }
        var options = body.TryGetProperty("stream_options", out var given) && given.ValueKind == JsonValueKind.Object ? given : default;
        ask = new(api, prompt, texts, limit, Flag(body, "stream"), Flag(options, "include_usage"), Flag(options, "continuous_usage_stats"), Flag(body, "ignore_eos"),
            body.TryGetProperty("encoding_format", out var format) && format.ValueEquals("base64"), ToolCall.Wanted(body, prompt));
        return null;
    }

    private static bool Flag(JsonElement of, string name) => of.ValueKind == JsonValueKind.Object && of.TryGetProperty(name, out var flag) && flag.ValueKind == JsonValueKind.True;
}
