using TokenLedger.Cli.Verify;
using TokenLedger.Ledger.Sealing;

namespace TokenLedger.Cli.Archive;

/// <summary>Positions of an archive, both ends within.</summary>
internal readonly record struct ArchiveRange(long First, long Last);

/// <summary>Takes one event of an archive, in the order of positions.</summary>
internal delegate void TakeEvent(in EventFields e);

/// <summary>
/// An archive: the canonical bytes of every event of a range, a line each. They are the bytes whose hashes were sealed, and lines such as the API gives, so that
/// archives one behind the other are an export that <c>verify</c> checks against any checkpoint without a database.
/// </summary>
internal sealed class ArchiveFile(Stream file, SealedLeaves leaves) : IAsyncDisposable
{
    private readonly LineReader _lines = new(file);

    /// <summary>Reads it to its end.</summary>
    /// <exception cref="CommandFailure">It is empty, has a gap, or an event that is not the one that was sealed.</exception>
    public async Task<ArchiveRange> ReadAsync(TakeEvent take, CancellationToken ct)
    {
        var (first, next) = (0L, 0L);
        do
            while (TryPeek(out var position))
            {
                if (first == 0) (first, next) = (position, position);
                if (!leaves.Has(next)) await leaves.LoadAsync(next, ct);
                Take(next++, take);
            }
        while (await _lines.FillAsync(ct));
        return first > 0 ? new(first, next - 1) : throw CommandFailure.Failed("The archive is empty.");
    }

    public ValueTask DisposeAsync() => _lines.DisposeAsync();

    private byte[] _line = [];

    /// <summary>A line is copied, since it has to outlast the loading of hashes.</summary>
    private bool TryPeek(out long position)
    {
        position = 0;
        if (!_lines.TryRead(out var line)) return false;
        _line = line.ToArray();
        position = Read().Position;
        return true;
    }

    private void Take(long position, TakeEvent take)
    {
        var e = Read();
        leaves.Require(e, position);
        take(e);
    }

    private EventFields Read()
    {
        try
        {
            return EventLine.Read(_line);
        }
        catch (CanonicalFormException error)
        {
            throw CommandFailure.Failed($"A line of the archive is no event: {error.Message}");
        }
    }
}
