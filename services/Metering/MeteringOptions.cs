using System.ComponentModel.DataAnnotations;

namespace TokenLedger.Metering;

/// <summary>Bounds of the metering service.</summary>
public sealed class MeteringOptions
{
    public const string Section = "TokenLedger:Metering";

    /// <summary>Usage events in one HTTP request.</summary>
    [Range(1, 100_000)]
    public int MaxBatchEvents { get; set; } = 10_000;

    /// <summary>Bytes of one HTTP request with usage.</summary>
    [Range(1_024, 1_073_741_824)]
    public long MaxBatchBytes { get; set; } = 16 * 1_048_576;

    /// <summary>Reports that may wait to be recorded before callers are told to come back.</summary>
    [Range(1, 1_000_000)]
    public int QueueCapacity { get; set; } = 50_000;

    /// <summary>Reports recorded in one commit.</summary>
    [Range(1, 10_000)]
    public int MaxBatch { get; set; } = 2_000;

    /// <summary>How long a query waits for the view to reach the position it asks for, in milliseconds.</summary>
    [Range(0, 60_000)]
    public int FreshnessWaitMs { get; set; } = 10_000;

    /// <summary>How many days a stream that nobody reports any more is remembered: its lease must run out before that, or its lost end is not billed.</summary>
    [Range(1, 365)]
    public int StreamDays { get; set; } = 7;
}
