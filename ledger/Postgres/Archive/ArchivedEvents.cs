using TokenLedger.Contracts;

namespace TokenLedger.Ledger;

/// <summary>What was asked for has been taken out of the database into an archive; it can be attached again.</summary>
public sealed class ArchivedEventsException(string what, long through)
    : Exception($"{what} was archived. Events up to position {through} are in archive files, which can be attached again.")
{
    /// <summary>Position up to which events are missing here.</summary>
    public long Through { get; } = through;
}

/// <summary>A hole in what was read is never passed over in silence.</summary>
internal static class ArchivedEvents
{
    /// <exception cref="ArchivedEventsException">The reader stands before the end of what was archived.</exception>
    public static void RequireReadable(long after, long archivedThrough)
    {
        if (after < archivedThrough) throw new ArchivedEventsException($"Position {after + 1}", archivedThrough);
    }

    /// <summary>Versions are dense, so a page that does not follow on lacks something.</summary>
    /// <exception cref="ArchivedEventsException">A version is missing.</exception>
    public static void RequireDense(string stream, long afterVersion, IReadOnlyList<RecordedEvent> page, long version)
    {
        for (var i = 0; i < page.Count; i++)
            if (page[i].Version != afterVersion + 1 + i)
                throw new ArchivedEventsException($"Version {afterVersion + 1 + i} of stream '{stream}'", page[i].Position - 1);
        if (page.Count == 0 && afterVersion < version) throw new ArchivedEventsException($"Version {afterVersion + 1} of stream '{stream}'", 0);
    }
}
