using System.Text.Json;
using System.Text.Json.Nodes;

namespace TokenLedger.Engine;

/// <summary>A call of one of the request's tools, with arguments of the types that its schema asks for.</summary>
internal sealed record ToolCall(string Name, string Arguments)
{
    private const int CharactersPerToken = 8;

    public int Tokens => (Arguments.Length + CharactersPerToken - 1) / CharactersPerToken;

    /// <summary>The arguments that so many tokens hold.</summary>
    public string Piece(int first, int count)
    {
        var from = Math.Min(Arguments.Length, first * CharactersPerToken);
        return Arguments[from..Math.Min(Arguments.Length, from + count * CharactersPerToken)];
    }

    /// <summary>A tool is called when the request names one or requires one, or when it leaves the choice and its prompt speaks of one.</summary>
    public static ToolCall? Wanted(JsonElement body, string prompt)
    {
        if (!body.TryGetProperty("tools", out var tools) || tools.ValueKind != JsonValueKind.Array || tools.GetArrayLength() == 0) return null;
        var functions = tools.EnumerateArray().Select(tool => tool.TryGetProperty("function", out var function) ? function : tool)
            .Where(function => function.TryGetProperty("name", out var name) && name.ValueKind == JsonValueKind.String).ToList();
        var choice = body.TryGetProperty("tool_choice", out var given) ? given : default;
        var called = choice.ValueKind switch
        {
            JsonValueKind.Object => functions.Find(function => NameOf(function) == Named(choice)),
            JsonValueKind.String when choice.ValueEquals("none") => default,
            JsonValueKind.String when choice.ValueEquals("required") || choice.ValueEquals("any") => functions.FirstOrDefault(),
            _ => functions.Find(function => prompt.Contains(NameOf(function), StringComparison.Ordinal)),
        };
        return called.ValueKind == JsonValueKind.Object ? new(NameOf(called), ArgumentsFor(called)) : null;
    }

    private static string NameOf(JsonElement function) => function.GetProperty("name").GetString()!;

    private static string? Named(JsonElement choice) =>
        choice.TryGetProperty("function", out var function) && function.TryGetProperty("name", out var name) || choice.TryGetProperty("name", out name) ? name.GetString() : null;

    private static string ArgumentsFor(JsonElement function)
    {
        var arguments = new JsonObject();
        var schema = function.TryGetProperty("parameters", out var parameters) || function.TryGetProperty("input_schema", out parameters) ? parameters : default;
        if (schema.ValueKind == JsonValueKind.Object && schema.TryGetProperty("properties", out var properties))
            foreach (var property in properties.EnumerateObject())
                arguments[property.Name] = (property.Value.TryGetProperty("type", out var type) ? type.GetString() : null) switch
                {
                    "integer" or "number" => property.Name.Length,
                    "boolean" => true,
                    "array" => new JsonArray(),
                    "object" => new JsonObject(),
                    _ => $"some {property.Name}",
                };
        return arguments.ToJsonString();
    }
}
