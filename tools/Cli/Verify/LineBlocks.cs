using TokenLedger.Ledger.Sealing;

namespace TokenLedger.Cli.Verify;

internal static class LineBlocks
{
    /// <summary>Takes lines until the block is full, an event does not fit, or there are no more.</summary>
    public static async Task TakeAsync(this LeafBlockBuilder builder, LineReader lines, CancellationToken ct)
    {
        do Take(builder, lines);
        while (!builder.IsDone && await lines.FillAsync(ct));
    }

    private static void Take(LeafBlockBuilder builder, LineReader lines)
    {
        while (!builder.IsDone && lines.TryRead(out var line))
        {
            try
            {
                builder.Take(EventLine.Read(line));
            }
            catch (CanonicalFormException error)
            {
                builder.Refuse(error.Message);
            }
        }
    }
}
