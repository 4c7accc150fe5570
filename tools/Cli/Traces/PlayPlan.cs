using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using TokenLedger.Contracts;

namespace TokenLedger.Cli.Traces;

/// <summary>A request to be played, with the id that it keeps over every retry and every play with the same seed.</summary>
internal sealed record PlannedRequest(RequestId Id, string Source, TimeSpan Arrival, long InputTokens, long OutputTokens);

/// <summary>The requests of one or more trace files in one order of time.</summary>
internal static class PlayPlan
{
    /// <summary>Merges the files; the first arrival is at zero.</summary>
    public static IReadOnlyList<PlannedRequest> Of(IReadOnlyList<TraceFile> files, string seed, int? limit)
    {
        if (files.Select(file => file.Format).Distinct().Count() > 1)
            throw CommandFailure.BadUsage("CSV and JSON lines have different clocks and cannot be played in one order of time; play them one after the other.");
        // Ids are made from the file's name, so two files of one name would be given the same ids.
        if (files.GroupBy(file => file.Rows[0].File).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw CommandFailure.BadUsage($"Two files are called {twice.Key}; each must have a name of its own.");
        var rows = files.SelectMany(file => file.Rows).OrderBy(row => row.Arrival).Take(limit ?? int.MaxValue).ToList();
        var first = rows[0].Arrival;
        return [.. rows.Select(row => new PlannedRequest(
            IdOf(seed, row.File, row.Row), "tokenledger-trace/" + Uri.EscapeDataString(row.File), row.Arrival - first, row.InputTokens, row.OutputTokens))];
    }

    /// <summary>A name-based UUID of version 8 (RFC 9562 §5.8): the first 128 bits of SHA-256 over seed, file and row, each preceded by its length.</summary>
    public static RequestId IdOf(string seed, string file, int row)
    {
        var number = row.ToString(CultureInfo.InvariantCulture);
        var name = $"trace:{seed.Length}:{seed}{file.Length}:{file}{number.Length}:{number}";
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(name), hash);
        hash[6] = (byte)((hash[6] & 0x0F) | 0x80);
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new(new Guid(hash[..16], bigEndian: true));
    }
}
