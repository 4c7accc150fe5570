namespace TokenLedger.Ledger;

/// <summary>Bounds of a <c>StreamWriter</c>.</summary>
public sealed record StreamWriterOptions
{
    /// <summary>Commands that may wait; one more is refused at once.</summary>
    public int QueueCapacity { get; init; } = 10_000;

    /// <summary>Commands decided together and appended in one commit, at most.</summary>
    public int MaxBatch { get; init; } = 1_000;

    /// <summary>How often a batch is decided when other writers keep coming first, and how often a command may ask for a later batch.</summary>
    public int MaxAttempts { get; init; } = 5;

    /// <summary>Events read at a time when the model is rebuilt.</summary>
    public int LoadPageSize { get; init; } = 1_000;

    /// <exception cref="ArgumentOutOfRangeException">A bound is not positive.</exception>
    public void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(QueueCapacity);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxBatch);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxAttempts);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(LoadPageSize);
    }
}

/// <summary>More commands are waiting for a stream than may: try again later.</summary>
public sealed class QueueFullException(string stream, int capacity) : Exception($"{capacity} commands are waiting for stream '{stream}'; no more are taken.")
{
    public string Stream { get; } = stream;
}

/// <summary>
/// The ledger could not be reached, or the connection broke while the events were under way: then it is not known whether they are recorded.
/// Send the same command again; facts that have a key of their own are found by it.
/// </summary>
public sealed class LedgerUnavailableException(string stream, Exception inner) : Exception($"The ledger did not answer for stream '{stream}'.", inner)
{
    public string Stream { get; } = stream;
}
