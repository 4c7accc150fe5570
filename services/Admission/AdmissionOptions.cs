using System.ComponentModel.DataAnnotations;

namespace TokenLedger.Admission;

/// <summary>Bounds of the admission service.</summary>
public sealed class AdmissionOptions
{
    public const string Section = "TokenLedger:Admission";

    /// <summary>Requests that may wait for a pool's writer before callers are told to come back.</summary>
    [Range(1, 1_000_000)]
    public int QueueCapacity { get; set; } = 10_000;

    /// <summary>Requests decided and recorded in one commit.</summary>
    [Range(1, 10_000)]
    public int MaxBatch { get; set; } = 1_000;

    /// <summary>Refusals that a pool lists one by one in a second; the rest are counted in `requests-denied.v1`.</summary>
    [Range(0, 1_000_000)]
    public int ListedDenialsPerSecond { get; set; } = 1_000;

    /// <summary>A pool's books are closed after so many events, so that a start reads no more than about that.</summary>
    [Range(1, 100_000_000)]
    public int EventsPerBook { get; set; } = 50_000;

    /// <summary>
    /// With more open reservations than this, 300 bytes of JSON or more each, a pool keeps its last books until there are fewer: closed books are one event,
    /// for which the pool stands still, and PostgreSQL takes 256 MB of JSON at most.
    /// </summary>
    [Range(0, 500_000)]
    public int OpenPerBook { get; set; } = 250_000;

    /// <summary>How often leases and the calendar are looked at, in milliseconds.</summary>
    [Range(10, 60_000)]
    public int SweepIntervalMs { get; set; } = 500;

    /// <summary>
    /// A pool that has decided requests for so many seconds without word from Fairness is named by `/readyz`; more than Fairness's `LongestSilenceSeconds`.
    /// </summary>
    [Range(1, 86_400)]
    public int StaleLimitsSeconds { get; set; } = 120;

    /// <summary>Settlements that one batch from the bus hands to the pools at a time.</summary>
    [Range(1, 100_000)]
    public int SettlementBatch { get; set; } = 1_000;
}
