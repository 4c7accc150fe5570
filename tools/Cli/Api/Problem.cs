using System.Text.Json;

namespace TokenLedger.Cli.Api;

/// <summary>What a refused call answered: the parts of a problem+json that a person or a retry rule needs.</summary>
internal sealed record Problem(int Status, string? Title, string? Detail, string? Reason, IReadOnlyList<string> FieldErrors)
{
    /// <summary>A body may be arbitrarily long where a proxy answers; a line that a person reads may not.</summary>
    private const int MaxLineLength = 600;

    /// <summary>Reads a body; what is not a problem document gives a problem with the status alone.</summary>
    public static Problem Read(int status, ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object) return Bare(status);
            return new(status, Text(root, "title"), Text(root, "detail"), Text(root, "reason"), Fields(root));
        }
        catch (JsonException)
        {
            return Bare(status);
        }
    }

    /// <summary>One line: title, detail, field errors and the reason.</summary>
    public string ToLine()
    {
        var line = (Title ?? "The server refused") + $" ({Status}{(Reason is null ? "" : $", {Reason}")})";
        if (Detail is not null) line += $": {Detail}";
        if (FieldErrors.Count > 0) line += " [" + string.Join("; ", FieldErrors) + "]";
        line = string.Concat(line.Select(c => char.IsControl(c) ? ' ' : c));
        return line.Length <= MaxLineLength ? line : line[..MaxLineLength] + "…";
    }

    private static Problem Bare(int status) => new(status, null, null, null, []);

    private static string? Text(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static string[] Fields(JsonElement root)
    {
        if (!root.TryGetProperty("errors", out var errors) || errors.ValueKind != JsonValueKind.Object) return [];
        return [.. errors.EnumerateObject().Select(field => field.Name + ": " + Messages(field.Value))];
    }

    private static string Messages(JsonElement messages) =>
        messages.ValueKind == JsonValueKind.Array ? string.Join(" ", messages.EnumerateArray().Select(message => message.ToString())) : messages.ToString();
}
