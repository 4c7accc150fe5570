using TokenLedger.Contracts;
using TokenLedger.Ledger;

namespace TokenLedger.Tests;

/// <summary>A real ledger in which appends can be held up, or made to fail before or after they happened.</summary>
internal sealed class HookedLedger(ILedger inner) : ILedger
{
    private int _appends, _looks;

    /// <summary>Runs in place of each append and is given the real one to call.</summary>
    public Func<Func<Task<Appended>>, Task<Appended>>? OnAppend { get; set; }

    public int Appends => Volatile.Read(ref _appends);

    /// <summary>How often ids were looked for.</summary>
    public int Looks => Volatile.Read(ref _looks);

    public Task<Appended> AppendAsync(string stream, long expectedVersion, IReadOnlyList<NewEvent> events, CancellationToken ct)
    {
        Interlocked.Increment(ref _appends);
        Task<Appended> Append() => inner.AppendAsync(stream, expectedVersion, events, ct);
        return OnAppend is { } hook ? hook(Append) : Append();
    }

    public Task<IReadOnlyList<RecordedEvent>> FindAsync(IReadOnlyCollection<Guid> ids, CancellationToken ct)
    {
        Interlocked.Increment(ref _looks);
        return inner.FindAsync(ids, ct);
    }

    public Task<IReadOnlyList<RecordedEvent>> ReadStreamAsync(string stream, long afterVersion, int limit, CancellationToken ct) => inner.ReadStreamAsync(stream, afterVersion, limit, ct);
    public Task<LedgerPage> ReadAllAsync(long after, int limit, IReadOnlyCollection<string>? types, string? stream, CancellationToken ct) => inner.ReadAllAsync(after, limit, types, stream, ct);
    public Task<long> HeadAsync(CancellationToken ct) => inner.HeadAsync(ct);
    public Task<long> VersionAsync(string stream, CancellationToken ct) => inner.VersionAsync(stream, ct);
    public Task<long> LastVersionAsync(string stream, string type, CancellationToken ct) => inner.LastVersionAsync(stream, type, ct);
    public Task<long> LoadCheckpointAsync(string name, CancellationToken ct) => inner.LoadCheckpointAsync(name, ct);
    public Task SaveCheckpointAsync(string name, long position, CancellationToken ct) => inner.SaveCheckpointAsync(name, position, ct);
    public Task<bool> WaitForAppendAsync(LedgerSignal signal, TimeSpan patience, CancellationToken ct) => inner.WaitForAppendAsync(signal, patience, ct);
    public LedgerSignal Subscribe() => inner.Subscribe();
}

/// <summary>Holds up each append of a <see cref="HookedLedger"/> until the test lets it through.</summary>
internal sealed class Gate : IDisposable
{
    private readonly SemaphoreSlim _arrived = new(0);
    private readonly SemaphoreSlim _open = new(0);

    public Gate(HookedLedger ledger) => ledger.OnAppend = async append =>
    {
        _arrived.Release();
        await _open.WaitAsync();
        return await append();
    };

    /// <summary>Completes when the next append stands before the gate.</summary>
    public Task ArrivalAsync(CancellationToken ct) => _arrived.WaitAsync(ct);

    public void Open(int appends = 1) => _open.Release(appends);

    public void Dispose()
    {
        _arrived.Dispose();
        _open.Dispose();
    }
}
