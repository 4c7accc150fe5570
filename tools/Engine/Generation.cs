using System.Text;
using System.Text.Json;

namespace TokenLedger.Engine;

/// <summary>What a request asks for, counted in the engine's tokens: words between white space.</summary>
internal sealed record Generation(bool IsChat, int PromptTokens, int OutputTokens, bool IsCut)
{
    private const int DefaultCompletionTokens = 16;

    public string FinishReason => IsCut ? "length" : "stop";

    public TokenUsage Usage => new(PromptTokens, OutputTokens, PromptTokens + OutputTokens);

    /// <returns>What is wrong with the request and in which field; null when nothing is.</returns>
    public static (string Message, string Param)? Read(GenerationRequest request, bool isChat, EngineOptions options, out Generation generation)
    {
        generation = new(isChat, 0, 0, false);
        var prompt = isChat ? ChatText(request.Messages) : PromptText(request.Prompt);
        if (prompt is null) return isChat ? ("messages must be a list of messages with text", "messages") : ("prompt must be one text", "prompt");
        var promptTokens = CountTokens(prompt);
        if (promptTokens == 0) return ("the prompt is empty", isChat ? "messages" : "prompt");
        if (request.MaxCompletionTokens is < 1 || request.MaxTokens is < 1) return ("max_tokens must be at least 1", "max_tokens");
        var room = options.MaxModelLength - promptTokens;
        var limit = request.MaxCompletionTokens ?? request.MaxTokens ?? (isChat ? room : DefaultCompletionTokens);
        if (room < 1 || limit > room) return ($"prompt ({promptTokens}) and output do not fit the model's {options.MaxModelLength} tokens", "max_tokens");
        var natural = NaturalLength(prompt, options.MeanOutputTokens);
        var isCut = request.IgnoreEos == true || natural > limit;
        generation = new(isChat, promptTokens, isCut ? limit : natural, isCut);
        return null;
    }

    /// <summary>The n-th words of an answer; one word is one token.</summary>
    public static string Words(int first, int count)
    {
        var text = new StringBuilder();
        for (var i = first; i < first + count; i++) text.Append(i == 0 ? "token" : " token").Append(i);
        return text.ToString();
    }

    public static int CountTokens(string text) => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length;

    /// <summary>A length from 1 to 2·mean − 1 that is always the same for the same prompt (FNV-1a over its characters).</summary>
    private static int NaturalLength(string prompt, int mean)
    {
        var hash = 2166136261u;
        foreach (var c in prompt) hash = unchecked((hash ^ c) * 16777619u);
        return 1 + (int)(hash % (uint)(2 * mean - 1));
    }

    private static string? PromptText(JsonElement? prompt) => prompt switch
    {
        { ValueKind: JsonValueKind.String } text => text.GetString(),
        { ValueKind: JsonValueKind.Array } list when list.GetArrayLength() == 1 => PromptText(list[0]),
        _ => null,
    };

    private static string? ChatText(IReadOnlyList<ChatMessage>? messages) =>
        messages is null || messages.Any(message => ContentText(message.Content) is null) ? null : string.Join('\n', messages.Select(message => ContentText(message.Content)));

    /// <summary>The content of a message is a text or a list of parts, of which the texts count.</summary>
    private static string? ContentText(JsonElement? content) => content switch
    {
        { ValueKind: JsonValueKind.String } text => text.GetString(),
        { ValueKind: JsonValueKind.Array } parts => string.Join(' ', parts.EnumerateArray().Select(PartText)),
        _ => null,
    };

    private static string? PartText(JsonElement part) =>
        part.ValueKind == JsonValueKind.Object && part.TryGetProperty("text", out var text) && text.ValueKind == JsonValueKind.String ? text.GetString() : null;
}
