using System.Globalization;
using System.Text.Json;

namespace TokenLedger.Cli.Traces;

/// <summary>Reads one row of a trace; a <see cref="FormatException"/> says what is wrong with it.</summary>
internal static class TraceRows
{
    public const string CsvHeader = "TIMESTAMP,ContextTokens,GeneratedTokens";

    /// <summary>No request of any model comes near it, and no sum over a whole trace can overflow below it.</summary>
    private const long MaxTokens = int.MaxValue;

    private const double MaxMilliseconds = 1e14;
    private static readonly string[] s_timeFormats = ["yyyy-MM-dd HH:mm:ss.FFFFFFF", "yyyy-MM-dd HH:mm:ss.FFFFFFFzzz"];

    /// <summary>A row such as <c>2023-11-16 18:17:03.9799600,4808,10</c>; a time without an offset is UTC.</summary>
    public static TraceRow FromCsv(string file, int row, string line)
    {
        var fields = line.Split(',');
        if (fields.Length != 3) throw new FormatException($"{fields.Length} fields instead of 3");
        if (!DateTimeOffset.TryParseExact(fields[0].Trim(), s_timeFormats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
            throw new FormatException($"'{fields[0]}' is not a time such as 2023-11-16 18:17:03.9799600");
        return new(file, row, TimeSpan.FromTicks(time.UtcTicks), Tokens("ContextTokens", fields[1]), Tokens("GeneratedTokens", fields[2]));
    }

    /// <summary>A row such as <c>{"timestamp": 27482, "input_length": 6955, "output_length": 52}</c> with the time in milliseconds; other fields are passed over.</summary>
    public static TraceRow FromJson(string file, int row, string line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object) throw new FormatException("not a JSON object");
            return new(file, row, Milliseconds(root), Tokens(root, "input_length"), Tokens(root, "output_length"));
        }
        catch (JsonException e)
        {
            throw new FormatException($"not JSON ({e.Message.TrimEnd('.')})", e);
        }
    }

    private static long Tokens(string name, string text) =>
        long.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var tokens) && tokens <= MaxTokens
            ? tokens
            : throw new FormatException($"{name} is '{text}' and not a whole number from 0 to {MaxTokens}");

    private static long Tokens(JsonElement root, string name) => Tokens(name, Number(root, name).GetRawText());

    private static TimeSpan Milliseconds(JsonElement root)
    {
        var value = Number(root, "timestamp");
        return value.TryGetDouble(out var milliseconds) && milliseconds is >= 0 and <= MaxMilliseconds
            ? TimeSpan.FromMilliseconds(milliseconds)
            : throw new FormatException($"timestamp is {value.GetRawText()} and not milliseconds from 0 to {MaxMilliseconds:0}");
    }

    private static JsonElement Number(JsonElement root, string name)
    {
        if (!root.TryGetProperty(name, out var value)) throw new FormatException($"{name} is missing");
        return value.ValueKind == JsonValueKind.Number ? value : throw new FormatException($"{name} is {value.GetRawText()} and not a number");
    }
}
