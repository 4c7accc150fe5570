namespace TokenLedger.Ledger;

/// <summary>One reader's share of the ledger's "something was appended" signal: set by an append, reset by a wait. Disposing it ends the subscription.</summary>
public sealed class LedgerSignal : IDisposable
{
    private readonly LedgerSignals _owner;
    // Never disposed: a set or a wait may still be under way then, and without its wait handle it holds nothing to give back.
    private readonly SemaphoreSlim _set = new(0, 1);

    private long _appended;

    internal LedgerSignal(LedgerSignals owner) => _owner = owner;

    /// <summary>The last position that this process has appended, as far as the signal was told: who stands there has no reason to look.</summary>
    public long Appended => Volatile.Read(ref _appended);

    public void Dispose() => _owner.Remove(this);

    internal void Set(long appended)
    {
        // Only setters release, so under this lock a count of zero cannot become one before the release. A signal already set stays set.
        lock (_set)
        {
            if (appended <= _appended) return;
            Volatile.Write(ref _appended, appended);
            if (_set.CurrentCount == 0) _set.Release();
        }
    }

    internal Task<bool> WaitAsync(TimeSpan patience, CancellationToken ct) => _set.WaitAsync(patience, ct);
}

/// <summary>The readers of this process that want to hear of appends.</summary>
internal sealed class LedgerSignals
{
    private readonly Lock _lock = new();
    private LedgerSignal[] _signals = [];

    public LedgerSignal Add()
    {
        var signal = new LedgerSignal(this);
        lock (_lock) _signals = [.. _signals, signal];
        return signal;
    }

    public void Remove(LedgerSignal signal)
    {
        lock (_lock) _signals = [.. _signals.Where(other => other != signal)];
    }

    public void Set(long appended)
    {
        foreach (var signal in Volatile.Read(ref _signals)) signal.Set(appended);
    }
}
