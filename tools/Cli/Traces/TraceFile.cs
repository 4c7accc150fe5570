namespace TokenLedger.Cli.Traces;

/// <summary>One request of a trace.</summary>
/// <param name="File">Name of the file without its folder.</param>
/// <param name="Row">Number of the row among the file's requests, from 1.</param>
/// <param name="Arrival">When it arrived, on the clock of its file's format.</param>
internal sealed record TraceRow(string File, int Row, TimeSpan Arrival, long InputTokens, long OutputTokens);

/// <summary>What a file is written in; each format has a clock of its own.</summary>
internal enum TraceFormat { Csv, JsonLines }

/// <summary>A trace file, read and checked as a whole before anything is played.</summary>
internal sealed record TraceFile(TraceFormat Format, IReadOnlyList<TraceRow> Rows)
{
    public const int MaxRows = 10_000_000;
    private const long MaxBytes = 2L << 30;

    public static TraceFile Open(string path)
    {
        try
        {
            if (new FileInfo(path).Length > MaxBytes) throw CommandFailure.BadUsage($"{path} is larger than {MaxBytes} bytes.");
            using var reader = new StreamReader(path);
            return Read(Path.GetFileName(path), reader);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CommandFailure.BadUsage($"{path} cannot be read: {e.Message}");
        }
    }

    /// <summary>Reads all rows. The first line tells the format: a JSON object, or the CSV header.</summary>
    /// <exception cref="CommandFailure">A row is malformed; the message names file, line and reason.</exception>
    public static TraceFile Read(string name, TextReader reader)
    {
        TraceFormat? format = null;
        var rows = new List<TraceRow>();
        for (var number = 1; reader.ReadLine() is { } line; number++)
        {
            if (string.IsNullOrWhiteSpace(line)) continue;
            try
            {
                if (format is null && (format = FormatOf(line)) == TraceFormat.Csv) continue;
                if (rows.Count == MaxRows) throw new FormatException($"more than {MaxRows} requests");
                rows.Add(format == TraceFormat.Csv ? TraceRows.FromCsv(name, rows.Count + 1, line) : TraceRows.FromJson(name, rows.Count + 1, line));
            }
            catch (FormatException e)
            {
                throw CommandFailure.BadUsage($"{name}, line {number}: {e.Message}.");
            }
        }
        return rows.Count > 0 ? new(format!.Value, rows) : throw CommandFailure.BadUsage($"{name} holds no requests.");
    }

    private static TraceFormat FormatOf(string line)
    {
        if (line.TrimStart().StartsWith('{')) return TraceFormat.JsonLines;
        if (line.Trim() == TraceRows.CsvHeader) return TraceFormat.Csv;
        throw new FormatException($"neither the header '{TraceRows.CsvHeader}' nor a JSON object");
    }
}
