using System.Text;
using Spectre.Console;

namespace TokenLedger.Cli.Commands;

/// <summary>Where a command writes: results on standard output, progress and messages on standard error.</summary>
internal static class Terminal
{
    /// <summary>A pipe has no width; a table written into one is not broken into lines of eighty.</summary>
    private const int PipeWidth = 240;

    public static IAnsiConsole Results { get; } = Open(Console.Out, Console.IsOutputRedirected);
    public static IAnsiConsole Messages { get; } = Open(Console.Error, Console.IsErrorRedirected);

    /// <summary>Writes bytes that the API gave, unchanged, and ends the line.</summary>
    public static async Task WriteRawAsync(ReadOnlyMemory<byte> utf8, CancellationToken ct)
    {
        await using var output = Console.OpenStandardOutput();
        await output.WriteAsync(utf8, ct);
        if (utf8.Length > 0 && utf8.Span[^1] != '\n') await output.WriteAsync("\n"u8.ToArray(), ct);
    }

    public static Table NewTable(params ReadOnlySpan<string> columns)
    {
        var table = new Table { Border = TableBorder.Simple };
        foreach (var column in columns) table.AddColumn(new TableColumn(Markup.Escape(column)) { NoWrap = true });
        return table;
    }

    /// <summary>Adds a row of plain text; what stands in the cells is not markup.</summary>
    public static void AddPlainRow(this Table table, params ReadOnlySpan<string> cells)
    {
        var row = new Text[cells.Length];
        for (var i = 0; i < cells.Length; i++) row[i] = new Text(cells[i]);
        table.AddRow(row);
    }

    public static Table AlignRight(this Table table, Range columns)
    {
        foreach (var column in table.Columns.Take(columns)) column.Alignment = Justify.Right;
        return table;
    }

    private static IAnsiConsole Open(TextWriter writer, bool redirected)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer) });
        if (redirected) console.Profile.Width = PipeWidth;
        if (redirected) console.Profile.Encoding = Encoding.UTF8;
        return console;
    }
}
