using System.Text.Json.Nodes;

namespace TokenLedger.Engine;

/// <summary>The Responses API: an output of items, and a stream of named events that ends with the whole.</summary>
internal sealed class ResponsesAnswer(AnswerSource source)
    : Answer(source with { Id = "resp_" + source.Id })
{
    private int _number;

    public override JsonObject Whole() => Response("completed", finished: true);

    public override IEnumerable<StreamEvent> Begin()
    {
        yield return Event("response.created", new() { ["response"] = Response("in_progress", finished: false) });
        yield return Event("response.output_item.added", new() { ["output_index"] = 0, ["item"] = Item("", "in_progress") });
        if (Ask.Tool is null) yield return Event("response.content_part.added", Place(new() { ["part"] = Part("") }));
    }

    public override IEnumerable<StreamEvent> Chunk(int n)
    {
        yield return Event(Ask.Tool is null ? "response.output_text.delta" : "response.function_call_arguments.delta", Place(new() { ["delta"] = Text(n, 1) }));
    }

    public override IEnumerable<StreamEvent> End()
    {
        if (Ask.Tool is null)
        {
            yield return Event("response.output_text.done", Place(new() { ["text"] = AllText }));
            yield return Event("response.content_part.done", Place(new() { ["part"] = Part(AllText) }));
        }
        else
            yield return Event("response.function_call_arguments.done", Place(new() { ["arguments"] = AllText }));
        yield return Event("response.output_item.done", new() { ["output_index"] = 0, ["item"] = Item(AllText, "completed") });
        yield return Event("response.completed", new() { ["response"] = Response("completed", finished: true) });
    }

    private StreamEvent Event(string name, JsonObject data)
    {
        (data["type"], data["sequence_number"]) = (name, _number++);
        return new(name, data.ToJsonString());
    }

    private JsonObject Place(JsonObject data)
    {
        (data["item_id"], data["output_index"], data["content_index"]) = ("msg_" + Id, 0, 0);
        return data;
    }

    private JsonObject Response(string status, bool finished) => new()
    {
        ["id"] = Id,
        ["object"] = "response",
        ["created_at"] = Created,
        ["status"] = finished && Finish is "length" or "abort" ? "incomplete" : status,
        ["incomplete_details"] = finished && Finish == "length" ? new JsonObject { ["reason"] = "max_output_tokens" } : null,
        ["error"] = null,
        ["model"] = Model,
        ["output"] = finished ? new JsonArray(Item(AllText, "completed")) : [],
        ["parallel_tool_calls"] = false,
        ["tool_choice"] = "auto",
        ["tools"] = new JsonArray(),
        ["usage"] = !finished ? null : new JsonObject
        {
            ["input_tokens"] = PromptTokens,
            ["input_tokens_details"] = new JsonObject { ["cached_tokens"] = CachedTokens },
            ["output_tokens"] = OutputTokens,
            ["output_tokens_details"] = new JsonObject { ["reasoning_tokens"] = 0 },
            ["total_tokens"] = PromptTokens + OutputTokens,
        },
    };

    private JsonObject Item(string text, string status) => Ask.Tool is { } tool
        ? new() { ["id"] = "msg_" + Id, ["type"] = "function_call", ["status"] = status, ["call_id"] = "call_" + Id[^12..], ["name"] = tool.Name, ["arguments"] = text }
        : new() { ["id"] = "msg_" + Id, ["type"] = "message", ["status"] = status, ["role"] = "assistant", ["content"] = new JsonArray(Part(text)) };

    private static JsonObject Part(string text) => new() { ["type"] = "output_text", ["text"] = text, ["annotations"] = new JsonArray() };
}
