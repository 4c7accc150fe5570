using TokenLedger.Ledger.Sealing;

namespace TokenLedger.Cli.Verify;

/// <summary>What is claimed of the ledger at a size: by a signed checkpoint, or by the head of the seal.</summary>
internal sealed record Claim(long Size, ReadOnlyMemory<byte> Root, ReadOnlyMemory<byte>? Chain, string By, bool IsSigned);

/// <summary>The claims to check, the smallest first. A checkpoint counts only when a key of the ledger has signed it.</summary>
/// <param name="stored">Checkpoints that the ledger keeps, the smallest first.</param>
/// <param name="given">Checkpoints that the reader brought along.</param>
internal sealed class Claims(IAsyncEnumerator<FoundCheckpoint> stored, IReadOnlyList<string> given, SealHead? seal, IReadOnlyList<VerifierKey> keys)
{
    private readonly Queue<Claim> _fixed = new();
    private Claim? _stored;

    /// <summary>The smallest claim that was not taken yet; null when there is none.</summary>
    public Claim? Next => _fixed.TryPeek(out var claim) && (_stored is null || claim.Size <= _stored.Size) ? claim : _stored;

    /// <returns>What is wrong with a checkpoint; null when nothing is.</returns>
    public async Task<Finding?> StartAsync()
    {
        List<Claim> claims = [];
        if (seal is { Size: > 0 }) claims.Add(new(seal.Size, seal.Root, seal.Chain, "the head of the seal", IsSigned: false));
        foreach (var text in given)
        {
            var (claim, finding) = Read(text, null);
            if (claim is null) return finding;
            claims.Add(claim);
        }
        foreach (var claim in claims.OrderBy(claim => claim.Size)) _fixed.Enqueue(claim);
        return await AdvanceAsync();
    }

    /// <summary>Lets go of the next claim.</summary>
    /// <returns>What is wrong with the checkpoint that follows it; null when nothing is.</returns>
    public async Task<Finding?> TakeAsync()
    {
        if (ReferenceEquals(Next, _stored)) return await AdvanceAsync();
        _fixed.Dequeue();
        return null;
    }

    private async Task<Finding?> AdvanceAsync()
    {
        var before = _stored?.Size ?? 0;
        _stored = null;
        if (!await stored.MoveNextAsync()) return null;
        if (stored.Current.Size <= before) return new(stored.Current.Size, $"The checkpoint of {stored.Current.Size} events comes after that of {before}.");
        (_stored, var finding) = Read(stored.Current.Note, stored.Current.Size);
        return finding;
    }

    private (Claim?, Finding?) Read(string text, long? size)
    {
        if (!SignedNote.TryParse(text, out var note) || !Checkpoint.TryParse(note.Text, out var checkpoint)) return (null, new(size ?? 1, "What should be a signed checkpoint is none."));
        if (size is { } kept && checkpoint.Size != kept) return (null, new(kept, $"The checkpoint kept for {kept} events is one of {checkpoint.Size}."));
        if (!keys.Any(key => key.Name == checkpoint.Origin && key.HasSigned(note)))
            return (null, new(checkpoint.Size, $"The checkpoint of {checkpoint.Size} events is not signed by a key of the ledger: it is forged, or a key is missing."));
        return (new(checkpoint.Size, checkpoint.Root, checkpoint.Chain, $"the signed checkpoint of {checkpoint.Size} events", IsSigned: true), null);
    }
}
