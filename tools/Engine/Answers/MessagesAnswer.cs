using System.Text.Json.Nodes;

namespace TokenLedger.Engine;

/// <summary>Anthropic's Messages API: content blocks, and a stream whose usage begins in the first event and ends in the last but one.</summary>
internal sealed class MessagesAnswer(AnswerSource source)
    : Answer(source with { Id = "msg_" + source.Id })
{
    public override JsonObject Whole() => Message(new JsonArray(Block(AllText)), StopReason, OutputTokens);

    public override IEnumerable<StreamEvent> Begin()
    {
        yield return Event("message_start", new() { ["message"] = Message([], null, 0) });
        yield return Event("content_block_start", new() { ["index"] = 0, ["content_block"] = Block("") });
    }

    public override IEnumerable<StreamEvent> Chunk(int n)
    {
        var delta = Ask.Tool is null
            ? new JsonObject { ["type"] = "text_delta", ["text"] = Text(n, 1) }
            : new JsonObject { ["type"] = "input_json_delta", ["partial_json"] = Text(n, 1) };
        yield return Event("content_block_delta", new() { ["index"] = 0, ["delta"] = delta });
    }

    public override IEnumerable<StreamEvent> End()
    {
        yield return Event("content_block_stop", new() { ["index"] = 0 });
        yield return Event("message_delta", new()
        {
            ["delta"] = new JsonObject { ["stop_reason"] = StopReason, ["stop_sequence"] = null },
            ["usage"] = Usage(OutputTokens),
        });
        yield return Event("message_stop", []);
    }

    private string StopReason => Finish switch { "length" => "max_tokens", "tool_calls" => "tool_use", "abort" => "abort", _ => "end_turn" };

    private static StreamEvent Event(string name, JsonObject data)
    {
        data.Insert(0, "type", name);
        return new(name, data.ToJsonString());
    }

    private JsonObject Message(JsonArray content, string? stopReason, int outputTokens) => new()
    {
        ["id"] = Id,
        ["type"] = "message",
        ["role"] = "assistant",
        ["model"] = Model,
        ["content"] = content,
        ["stop_reason"] = stopReason,
        ["stop_sequence"] = null,
        ["usage"] = Usage(outputTokens),
    };

    private JsonObject Block(string text) => Ask.Tool is { } tool
        ? new() { ["type"] = "tool_use", ["id"] = "toolu_" + Id[^12..], ["name"] = tool.Name, ["input"] = Finish == "tool_calls" && text.Length > 0 ? JsonNode.Parse(text) : new JsonObject() }
        : new() { ["type"] = "text", ["text"] = text };

    /// <summary>In this API the input tokens leave out those that the cache had.</summary>
    private JsonObject Usage(int outputTokens) => new()
    {
        ["input_tokens"] = PromptTokens - CachedTokens,
        ["cache_creation_input_tokens"] = 0,
        ["cache_read_input_tokens"] = CachedTokens,
        ["output_tokens"] = outputTokens,
    };
}
