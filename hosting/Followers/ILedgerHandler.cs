using TokenLedger.Contracts;

namespace TokenLedger.Hosting;

/// <summary>What a <see cref="LedgerFollower"/> hands events to. Calls never overlap.</summary>
public interface ILedgerHandler
{
    /// <summary>Where the follower's position is kept between starts.</summary>
    FollowerCheckpoint Checkpoint { get; }

    /// <summary>
    /// Takes in the next events, in order of position. There may be none: then the ledger holds no more of the followed types up to <paramref name="through"/>.
    /// When this throws, the follower comes again with the same events, after a pause.
    /// </summary>
    /// <param name="through">Every event of the followed types up to this position has been handed over when the call returns.</param>
    Task HandleAsync(IReadOnlyList<RecordedEvent> events, long through, CancellationToken ct);
}
