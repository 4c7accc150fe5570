using Npgsql;

namespace TokenLedger.Ledger.Sealing;

/// <summary>Signs the head of the seal and keeps the checkpoint, after making sure that it continues the one before.</summary>
/// <param name="origin">The ledger's name in checkpoints; null for one made from its id.</param>
/// <param name="interval">The least time between two checkpoints, whoever signs them.</param>
public sealed class CheckpointSigner(NpgsqlDataSource source, LedgerKey key, string? origin, TimeSpan interval)
{
    private readonly SealedTree _tree = new(source);
    private readonly CheckpointStore _checkpoints = new(source);
    // What this process signed last: as long as it runs, the stored checkpoints may be changed as well and it still notices.
    private Checkpoint? _signed;

    /// <summary>The name of a ledger that was given none.</summary>
    public static string DefaultOrigin(Guid ledgerId) => $"tokenledger/{ledgerId:N}";

    /// <returns>The size signed; null when nothing was sealed since the last checkpoint, or that is too recent.</returns>
    /// <exception cref="DamagedSealException">The tree no longer begins with the last checkpoint's: history was rewritten, and that is never signed.</exception>
    public async Task<long?> SignAsync(DateTimeOffset now, CancellationToken ct)
    {
        var head = await _tree.HeadAsync(ct);
        var last = await _checkpoints.LastAsync(ct);
        if (head.Size == 0 || head.Size == last?.Size) return null;
        // A last one that lies in the future is no reason to wait for it: a clock was wrong.
        if (last is not null && (now - last.CreatedAt).Duration() < interval) return null;
        if (last is not null) await RequireContinuationAsync(Read(last), head, ct);
        if (_signed is not null) await RequireContinuationAsync(_signed, head, ct);
        var checkpoint = new Checkpoint(origin ?? DefaultOrigin(head.LedgerId), head.Size, head.Root, head.Chain);
        // The head's row could have been changed without the tree.
        if (!(await _tree.RootAsync(head.Size, ct)).Span.SequenceEqual(head.Root.Span)) throw new DamagedSealException($"The tiles do not give the root that is stored for {head.Size} events.");
        using var verifier = key.Verifier(checkpoint.Origin);
        await _checkpoints.SaveAsync(new(head.Size, key.Sign(checkpoint).ToString(), now), verifier, ct);
        _signed = checkpoint;
        return head.Size;
    }

    /// <summary>A signature that names this key must be good; one of another key is from before a change of keys.</summary>
    private Checkpoint Read(StoredCheckpoint last)
    {
        if (!SignedNote.TryParse(last.Note, out var note) || !Checkpoint.TryParse(note.Text, out var signed) || signed.Size != last.Size)
            throw new DamagedSealException($"The stored checkpoint of size {last.Size} is no checkpoint of that size.");
        using var verifier = key.Verifier(signed.Origin);
        if (note.Signatures.Any(signature => signature.KeyId == verifier.Id) && !verifier.HasSigned(note)) throw new DamagedSealException($"The stored checkpoint of size {last.Size} is forged.");
        return signed;
    }

    private async Task RequireContinuationAsync(Checkpoint signed, SealHead head, CancellationToken ct)
    {
        if (signed.Size > head.Size) throw new DamagedSealException($"A checkpoint covers {signed.Size} events, but only {head.Size} are sealed.");
        if (!(await _tree.RootAsync(signed.Size, ct)).Span.SequenceEqual(signed.Root.Span))
            throw new DamagedSealException($"The first {signed.Size} sealed events are not those of the checkpoint that was signed over them.");
    }
}
