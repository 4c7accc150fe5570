using System.ComponentModel.DataAnnotations;

namespace TokenLedger.Hosting;

/// <summary>When a process calls itself ready. Section <c>TokenLedger:Health</c>.</summary>
public sealed class HealthOptions
{
    public const string Section = "TokenLedger:Health";

    /// <summary>Seconds that a projection may stand still behind the ledger's head.</summary>
    [Range(1, 3_600)] public int StallSeconds { get; set; } = 15;

    /// <summary>How long the database may take to tell the head.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:01:00")] public TimeSpan DatabaseTimeout { get; set; } = TimeSpan.FromSeconds(2);
}
