using System.Text.Json;
using System.Text.Json.Serialization;

namespace TokenLedger.Engine;

// The shapes of the OpenAI-compatible API, as far as the simulation needs them; unknown request fields are passed over, as vLLM does.

internal sealed record GenerationRequest(
    string? Model, JsonElement? Prompt, IReadOnlyList<ChatMessage>? Messages, int? MaxTokens, int? MaxCompletionTokens,
    bool? Stream, StreamOptions? StreamOptions, bool? IgnoreEos);

internal sealed record ChatMessage(string? Role, JsonElement? Content);

internal sealed record StreamOptions(bool? IncludeUsage);

/// <summary>A completion, or one chunk of it.</summary>
internal sealed record Completion(string Id, string Object, long Created, string Model, IReadOnlyList<Choice> Choices, TokenUsage? Usage = null);

/// <summary>Text for completions, a message for chat, a delta for a chunk of chat.</summary>
internal sealed record Choice(
    int Index, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? FinishReason, string? Text = null, AnswerMessage? Message = null, AnswerMessage? Delta = null);

internal sealed record AnswerMessage(string? Role, string? Content);

internal sealed record TokenUsage(int PromptTokens, int CompletionTokens, int TotalTokens);

internal sealed record ModelList(string Object, IReadOnlyList<ModelCard> Data);

internal sealed record ModelCard(string Id, string Object, string OwnedBy, int MaxModelLen);

internal sealed record ErrorBody(ErrorDetail Error);

internal sealed record ErrorDetail(string Message, string Type, string? Param, int Code);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(GenerationRequest))]
[JsonSerializable(typeof(Completion))]
[JsonSerializable(typeof(ModelList))]
[JsonSerializable(typeof(ErrorBody))]
internal sealed partial class OpenAiJson : JsonSerializerContext;
