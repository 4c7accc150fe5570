using System.Runtime.InteropServices;
using System.Text.Json.Nodes;

namespace TokenLedger.Engine;

/// <summary>Embeddings: a vector for each input, as numbers or as base64 of little-endian floats.</summary>
internal sealed class EmbeddingsAnswer(AnswerSource source)
    : Answer(source with { Id = "embd-" + source.Id })
{
    private const int Dimensions = 16;

    public override JsonObject Whole() => new()
    {
        ["id"] = Id,
        ["object"] = "list",
        ["created"] = Created,
        ["model"] = Model,
        ["data"] = new JsonArray([.. Ask.Inputs.Select((text, i) => new JsonObject { ["object"] = "embedding", ["index"] = i, ["embedding"] = Vector(text) })]),
        ["usage"] = new JsonObject { ["prompt_tokens"] = PromptTokens, ["total_tokens"] = PromptTokens },
    };

    public override IEnumerable<StreamEvent> Chunk(int n) => throw new NotSupportedException("Embeddings are not streamed.");

    public override IEnumerable<StreamEvent> End() => throw new NotSupportedException("Embeddings are not streamed.");

    private JsonNode Vector(string text)
    {
        float[] vector = [.. Generation.Vector(text, Dimensions)];
        return Ask.Base64 ? JsonValue.Create(Convert.ToBase64String(MemoryMarshal.AsBytes<float>(vector))) : new JsonArray([.. vector.Select(x => (JsonNode)JsonValue.Create(x))]);
    }
}
