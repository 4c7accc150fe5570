using System.ComponentModel.DataAnnotations;
using TokenLedger.Ledger.Sealing;

namespace TokenLedger.Hosting;

/// <summary>How the ledger is sealed and signed. Section <c>TokenLedger:Sealing</c>.</summary>
public sealed class SealingOptions : IValidatableObject
{
    public const string Section = "TokenLedger:Sealing";

    /// <summary>File of the key that signs checkpoints, made at the first start. Absent = this process seals but does not sign. Processes that sign one ledger share the file.</summary>
    public string? KeyFile { get; set; }

    /// <summary>The ledger's name in its checkpoints, such as <c>ledger.example.com</c>; absent = one made from the ledger's id.</summary>
    public string? Origin { get; set; }

    /// <summary>How long the sealer waits for word of an append before it looks by itself.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")] public TimeSpan Patience { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How long appends are gathered before they are sealed together.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:10")] public TimeSpan Gather { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Events sealed in one transaction at most.</summary>
    [Range(1, 1_000_000)] public int BatchEvents { get; set; } = 65_536;

    /// <summary>The least time between two checkpoints.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "1.00:00:00")] public TimeSpan CheckpointInterval { get; set; } = TimeSpan.FromSeconds(1);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Origin is not null && !VerifierKey.IsName(Origin))
            yield return new("must not be empty nor hold spaces or '+', for instance ledger.example.com", [nameof(Origin)]);
    }
}
