using System.Globalization;
using TokenLedger.Contracts;

namespace TokenLedger.Hosting;

/// <summary>Which events of the ledger were asked for.</summary>
internal sealed record EventQuery(long After, long Limit, string? Stream, IReadOnlyCollection<string>? Types)
{
    public const int DefaultLimit = 100;
    public const int LargestPage = 10_000;

    /// <summary>Reads the query's parameters and returns what is wrong with them, field by field.</summary>
    /// <param name="bounded">True when the answer is one page; a stream of lines is read in pages whatever its length.</param>
    public static Dictionary<string, string[]> Read(string? after, string? limit, string? stream, string? type, bool bounded, out EventQuery query)
    {
        var errors = new Dictionary<string, string[]>();
        var most = bounded ? LargestPage : long.MaxValue;
        query = new(
            Number(errors, "after", after, absent: 0, least: 0, most: long.MaxValue),
            Number(errors, "limit", limit, absent: bounded ? DefaultLimit : long.MaxValue, least: 1, most),
            string.IsNullOrEmpty(stream) ? null : stream,
            string.IsNullOrEmpty(type) ? null : [type]);
        if (query.Types is not null && !EventCatalogue.TryFind(type!, out _)) errors["type"] = ["must be the name of an event, such as request-admitted.v1"];
        if (query.Stream?.Contains('\0') is true) errors["stream"] = ["must not contain U+0000"];
        return errors;
    }

    private static long Number(Dictionary<string, string[]> errors, string field, string? text, long absent, long least, long most)
    {
        if (string.IsNullOrEmpty(text)) return absent;
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most) return value;
        errors[field] = [$"must be a whole number from {least} to {most}"];
        return absent;
    }
}
