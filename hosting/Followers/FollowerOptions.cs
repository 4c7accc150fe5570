using System.ComponentModel.DataAnnotations;

namespace TokenLedger.Hosting;

/// <summary>How readers of the ledger keep up. Section <c>TokenLedger:Followers</c>.</summary>
public sealed class FollowerOptions
{
    public const string Section = "TokenLedger:Followers";

    /// <summary>How often a follower looks at the ledger by itself: what a lost message costs at most.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:05:00")] public TimeSpan CatchUpInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Events that one reading of the ledger, and so one call of a handler, has at most.</summary>
    [Range(1, 100_000)] public int CatchUpPage { get; set; } = 5_000;

    /// <summary>Batches from the bus that wait for a busy follower at most. Beyond it those of a broker wait there; those of the bus in memory are dropped and read from the ledger.</summary>
    [Range(1, 10_000)] public int MailboxBatches { get; set; } = 16;

    /// <summary>How long a broker's message waits for room in a follower's mailbox before it is dropped, and its events are read from the ledger.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")] public TimeSpan MailboxPatience { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The first pause after a failure; it doubles with every further one.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:01:00")] public TimeSpan RetryFirst { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest pause between two tries.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:10:00")] public TimeSpan RetryLongest { get; set; } = TimeSpan.FromSeconds(5);
}
