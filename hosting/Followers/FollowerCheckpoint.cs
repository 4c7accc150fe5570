using TokenLedger.Ledger;

namespace TokenLedger.Hosting;

/// <summary>Where a follower's position is kept between starts: in the ledger, by its handler, or not at all.</summary>
public sealed class FollowerCheckpoint
{
    private readonly Func<ILedger, string, long?, CancellationToken, Task<long>> _load;
    private readonly Func<ILedger, string, long, CancellationToken, Task> _save;

    private FollowerCheckpoint(Func<ILedger, string, long?, CancellationToken, Task<long>> load, Func<ILedger, string, long, CancellationToken, Task> save) =>
        (_load, _save) = (load, save);

    /// <summary>Saved in the ledger under the follower's name after every call. A crash between the two repeats the call: the handler must be idempotent by position.</summary>
    public static FollowerCheckpoint InLedger { get; } = new(
        (ledger, name, _, ct) => ledger.LoadCheckpointAsync(name, ct),
        (ledger, name, position, ct) => ledger.SaveCheckpointAsync(name, position, ct));

    /// <summary>Kept by the handler, usually in the transaction that writes its rows, and asked for at every start and after every failure.</summary>
    public static FollowerCheckpoint KeptByHandler(Func<CancellationToken, Task<long>> load) => new((_, _, _, ct) => load(ct), NoSave);

    /// <summary>Not kept: a view in memory, which begins after this position at every start.</summary>
    public static FollowerCheckpoint NotKept(long start = 0) => new((_, _, current, _) => Task.FromResult(current ?? start), NoSave);

    /// <param name="current">Where the follower stands; null when it has just started.</param>
    internal Task<long> LoadAsync(ILedger ledger, string name, long? current, CancellationToken ct) => _load(ledger, name, current, ct);

    internal Task SaveAsync(ILedger ledger, string name, long position, CancellationToken ct) => _save(ledger, name, position, ct);

    private static Task NoSave(ILedger ledger, string name, long position, CancellationToken ct) => Task.CompletedTask;
}
