using System.Globalization;
using CsvHelper;
using CsvHelper.Configuration;
using TokenLedger.Contracts;

namespace TokenLedger.Cli.Reconcile;

/// <summary>One row of an export: a request and what it used, in the order of <see cref="TokenKinds"/>; kinds without a column are zero.</summary>
internal readonly record struct ExportRow(RequestId Request, Counts Tokens);

/// <summary>Reads an engine's or a provider's export row by row: CSV (RFC 4180) with a header, whose names are told apart by their letters alone.</summary>
internal static class ExportRows
{
    private const long MostTokens = 1_000_000_000_000;
    private static readonly string[] s_request = ["requestid"];

    /// <summary>What each kind of tokens may be called.</summary>
    private static readonly string[][] s_kinds =
    [
        ["inputtokens", "prompttokens", "contexttokens"],
        ["cachedinputtokens", "cachedtokens", "cachedprompttokens"],
        ["outputtokens", "completiontokens", "generatedtokens"],
        ["reasoningtokens", "reasoningoutputtokens"],
    ];

    /// <summary>Hands the rows over one after the other.</summary>
    /// <param name="take">Called for each row.</param>
    /// <returns>Which kinds the file has a column of.</returns>
    /// <exception cref="CommandFailure">The header or a row is malformed; the message names file, line and reason.</exception>
    public static bool[] Read(string name, TextReader text, Action<ExportRow> take)
    {
        using var csv = new CsvReader(text, new CsvConfiguration(CultureInfo.InvariantCulture) { BadDataFound = null, MissingFieldFound = null, IgnoreBlankLines = true });
        if (!csv.Read() || !csv.ReadHeader()) throw CommandFailure.BadUsage($"{name} is empty.");
        var header = csv.HeaderRecord!.Select(Letters).ToList();
        var request = Column(name, header, s_request) ?? throw CommandFailure.BadUsage($"{name} has no column requestId.");
        int?[] columns = [.. s_kinds.Select(names => Column(name, header, names))];
        if (columns.All(column => column is null)) throw CommandFailure.BadUsage($"{name} has no column of tokens, such as inputTokens or outputTokens.");
        while (csv.Read())
        {
            if (!RequestId.TryParse(csv.GetField(request)?.Trim(), null, out var id)) throw Bad($"'{csv.GetField(request)}' is no request id: it {RequestId.Rule}");
            take(new(id, new(Tokens(0), Tokens(1), Tokens(2), Tokens(3))));
        }
        return [.. columns.Select(column => column is not null)];

        long Tokens(int kind)
        {
            if (columns[kind] is not { } column) return 0;
            var field = csv.GetField(column);
            return long.TryParse(field, NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var tokens) && tokens <= MostTokens
                ? tokens
                : throw Bad($"{csv.HeaderRecord![column]} is '{field}' and not a whole number from 0 to {MostTokens}");
        }

        CommandFailure Bad(string what) => CommandFailure.BadUsage($"{name}, line {csv.Parser.RawRow}: {what}.");
    }

    private static int? Column(string name, List<string> header, string[] names)
    {
        var found = header.Index().Where(column => names.Contains(column.Item)).Select(column => column.Index).ToList();
        return found.Count > 1 ? throw CommandFailure.BadUsage($"{name} has more than one column that could be {names[0]}.") : found.Count == 1 ? found[0] : null;
    }

    private static string Letters(string header) => string.Concat(header.Where(char.IsAsciiLetter)).ToLowerInvariant();
}
