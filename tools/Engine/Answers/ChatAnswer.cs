using System.Text.Json.Nodes;

namespace TokenLedger.Engine;

/// <summary>Chat completions: a message, or deltas of one.</summary>
internal sealed class ChatAnswer(AnswerSource source)
    : CompletionsAnswer(source with { Id = "chatcmpl-" + source.Id })
{
    protected override string WholeKind => "chat.completion";
    protected override string ChunkKind => "chat.completion.chunk";

    protected override JsonObject WholeChoice() => new()
    {
        ["message"] = Ask.Tool is { } tool
            ? new JsonObject { ["role"] = "assistant", ["content"] = null, ["tool_calls"] = new JsonArray(Call(tool.Name, AllText, 0)) }
            : new JsonObject { ["role"] = "assistant", ["content"] = AllText },
    };

    protected override JsonObject ChunkChoice(int n)
    {
        var delta = n == 0 ? new JsonObject { ["role"] = "assistant" } : [];
        if (Ask.Tool is { } tool) delta["tool_calls"] = new JsonArray(n == 0 ? Call(tool.Name, Text(n, 1), 0) : new JsonObject { ["index"] = 0, ["function"] = new JsonObject { ["arguments"] = Text(n, 1) } });
        else delta["content"] = Text(n, 1);
        return new() { ["delta"] = delta };
    }

    protected override JsonObject EmptyChoice() => new() { ["delta"] = new JsonObject() };

    private JsonObject Call(string name, string arguments, int index) => new()
    {
        ["index"] = index,
        ["id"] = "call_" + Id[^12..],
        ["type"] = "function",
        ["function"] = new JsonObject { ["name"] = name, ["arguments"] = arguments },
    };
}

/// <summary>Completions of a text.</summary>
internal sealed class CompletionAnswer(AnswerSource source)
    : CompletionsAnswer(source with { Id = "cmpl-" + source.Id })
{
    protected override string WholeKind => "text_completion";
    protected override string ChunkKind => "text_completion";
    protected override JsonObject WholeChoice() => new() { ["text"] = AllText };
    protected override JsonObject ChunkChoice(int n) => new() { ["text"] = Text(n, 1) };
    protected override JsonObject EmptyChoice() => new() { ["text"] = "" };
}

/// <summary>What the two kinds of completions share: choices, usage, and the end mark of a stream.</summary>
internal abstract class CompletionsAnswer(AnswerSource source)
    : Answer(source)
{
    protected abstract string WholeKind { get; }
    protected abstract string ChunkKind { get; }
    protected abstract JsonObject WholeChoice();
    protected abstract JsonObject ChunkChoice(int n);
    protected abstract JsonObject EmptyChoice();

    public override JsonObject Whole()
    {
        var whole = Body(WholeKind, Choice(WholeChoice(), Finish));
        whole["usage"] = Usage(OutputTokens);
        return whole;
    }

    public override IEnumerable<StreamEvent> Chunk(int n)
    {
        var chunk = Body(ChunkKind, Choice(ChunkChoice(n), null));
        if (Ask.IncludeUsage && Ask.ContinuousUsage) chunk["usage"] = Usage(Billed(n + 1));
        yield return new(null, chunk.ToJsonString());
    }

    public override IEnumerable<StreamEvent> End()
    {
        var last = Body(ChunkKind, Choice(EmptyChoice(), Finish));
        if (Ask.IncludeUsage && Ask.ContinuousUsage) last["usage"] = Usage(OutputTokens);
        yield return new(null, last.ToJsonString());
        if (Ask.IncludeUsage)
        {
            var usage = Body(ChunkKind);
            usage["usage"] = Usage(OutputTokens);
            yield return new(null, usage.ToJsonString());
        }
        yield return new(null, "[DONE]");
    }

    private static JsonObject Choice(JsonObject content, string? finish)
    {
        var choice = new JsonObject { ["index"] = 0 };
        foreach (var (name, value) in content) choice[name] = value?.DeepClone();
        (choice["logprobs"], choice["finish_reason"]) = (null, finish);
        return choice;
    }

    private JsonObject Body(string kind, params JsonNode[] choices) =>
        new() { ["id"] = Id, ["object"] = kind, ["created"] = Created, ["model"] = Model, ["choices"] = new JsonArray(choices) };

    private JsonObject Usage(int outputTokens) => Usage(PromptTokens, CachedTokens, outputTokens);

    public static JsonObject Usage(int promptTokens, int cachedTokens, int outputTokens) => new()
    {
        ["prompt_tokens"] = promptTokens,
        ["completion_tokens"] = outputTokens,
        ["total_tokens"] = promptTokens + outputTokens,
        ["prompt_tokens_details"] = new JsonObject { ["cached_tokens"] = cachedTokens },
    };
}
