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

    /// <summary>Currency of all prices and statements of this installation (ISO 4217).</summary>
    [RegularExpression("^[A-Z]{3}$", ErrorMessage = "must be three capital letters, such as USD")]
    public string Currency { get; set; } = "USD";

    /// <summary>Who issues the statements.</summary>
    [StringLength(200, MinimumLength = 1, ErrorMessage = "must have 1 to 200 characters")]
    public string Issuer { get; set; } = "TokenLedger";

    /// <summary>Who provides the service, in FOCUS files.</summary>
    [StringLength(200, MinimumLength = 1, ErrorMessage = "must have 1 to 200 characters")]
    public string Provider { get; set; } = "TokenLedger";

    /// <summary>Name of the service, in FOCUS files.</summary>
    [StringLength(200, MinimumLength = 1, ErrorMessage = "must have 1 to 200 characters")]
    public string ServiceName { get; set; } = "LLM Inference";

    /// <summary>How long after its end a month is closed: time for late reports.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "20.00:00:00")]
    public TimeSpan CloseAfter { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Whether this instance takes part in the schedule that closes months. Operators can close them at any instance.</summary>
    public bool Scheduled { get; set; } = true;

    /// <summary>How often the job looks for months to close.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan ClosingInterval { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How long a close waits for the view and the seal to reach it before it leaves the rest to the next run.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")]
    public TimeSpan ClosingPatience { get; set; } = TimeSpan.FromMinutes(2);
}
