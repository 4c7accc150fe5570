using System.ComponentModel.DataAnnotations;
using TokenLedger.Core.Fairness;

namespace TokenLedger.Fairness;

/// <summary>Bounds of the fairness service.</summary>
public sealed class FairnessOptions
{
    public const string Section = "TokenLedger:Fairness";

    /// <summary>How often it is looked whether a pool's tick is due, in milliseconds; ticks are not shorter than this.</summary>
    [Range(10, 10_000)]
    public int LoopMs { get; set; } = 100;

    /// <summary>
    /// So many seconds after the last published tick of a pool the state of those who asked for something since is published again, changed or not, so that Admission can tell a quiet Fairness from none.
    /// </summary>
    [Range(1, 3_600)]
    public int LongestSilenceSeconds { get; set; } = (int)FairnessDecisions.LongestSilence.TotalSeconds;

    /// <summary>Ticks in one answer of the history.</summary>
    [Range(1, 100_000)]
    public int MaxHistory { get; set; } = 1_000;
}
