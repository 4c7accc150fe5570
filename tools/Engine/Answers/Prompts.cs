using System.Text.Json;

namespace TokenLedger.Engine;

/// <summary>The text of a request, wherever its API keeps it.</summary>
internal static class Prompts
{
    /// <returns>The inputs: one for a conversation, several for a list of embeddings; null when it cannot be understood.</returns>
    public static IReadOnlyList<string>? Read(Api api, JsonElement body, string field)
    {
        if (!body.TryGetProperty(field, out var value)) return null;
        if (api == Api.Embeddings && value.ValueKind == JsonValueKind.Array && value.GetArrayLength() > 0 && value[0].ValueKind != JsonValueKind.Number)
        {
            var inputs = value.EnumerateArray().Select(Text).ToList();
            return inputs.Contains(null) ? null : [.. inputs.OfType<string>()];
        }
        List<string> parts = [];
        foreach (var instructions in (string[])["system", "instructions"])
            if (body.TryGetProperty(instructions, out var leading) && Text(leading) is { } lead) parts.Add(lead);
        if (Text(value) is not { Length: > 0 } text) return null;
        parts.Add(text);
        return [string.Join('\n', parts)];
    }

    /// <summary>The words of a text; each is one token.</summary>
    public static string[] Words(string text) => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    /// <summary>A text, the texts of a list, a list of token numbers, or what an object holds as its content; null for anything else.</summary>
    private static string? Text(JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String: return value.GetString();
            case JsonValueKind.Number: return value.GetRawText();
            case JsonValueKind.Null: return "";
            case JsonValueKind.Array:
                var parts = value.EnumerateArray().Select(Text).ToList();
                return parts.Contains(null) ? null : string.Join(' ', parts.Where(part => part!.Length > 0));
            case JsonValueKind.Object:
                foreach (var name in (string[])["content", "text", "output"])
                    if (value.TryGetProperty(name, out var inner)) return Text(inner);
                return "";
            default: return null;
        }
    }
}
