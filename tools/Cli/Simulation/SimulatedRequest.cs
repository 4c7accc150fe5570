using TokenLedger.Contracts;

namespace TokenLedger.Cli.Simulation;

/// <summary>A request from its first attempt to its end; times are in seconds, not a number while they have not come.</summary>
internal sealed class SimulatedRequest(RequestId id, int tenant, long inputTokens, long outputTokens, long declaredOutputTokens, double askedAt)
{
    public RequestId Id { get; } = id;

    /// <summary>Index of its tenant in the scenario.</summary>
    public int Tenant { get; } = tenant;
    public long InputTokens { get; } = inputTokens;
    public long OutputTokens { get; } = outputTokens;
    public long DeclaredOutputTokens { get; } = declaredOutputTokens;
    public long Tokens => InputTokens + OutputTokens;

    /// <summary>When it was first asked for.</summary>
    public double AskedAt { get; } = askedAt;

    /// <summary>When the attempt was made that is under way or was the last.</summary>
    public double TriedAt { get; set; } = askedAt;

    /// <summary>Its client sends nothing new from this second on.</summary>
    public double ClientUntil { get; init; } = double.PositiveInfinity;
    public int Attempts { get; set; }
    public double AdmittedAt { get; set; } = double.NaN;
    public double FirstTokenAt { get; set; } = double.NaN;
    public double EndedAt { get; set; } = double.NaN;
    public Fate Fate { get; set; }
    public Sequence? Sequence { get; set; }

    /// <summary>From its first attempt to its admission, refusals and retries included.</summary>
    public double AdmissionDelay => AdmittedAt - AskedAt;

    /// <summary>Time to first token, from the attempt that was admitted.</summary>
    public double TimeToFirstToken => FirstTokenAt - TriedAt;

    /// <summary>From the attempt that was admitted to its end.</summary>
    public double Latency => EndedAt - TriedAt;
}

/// <summary>What became of a request.</summary>
internal enum Fate { Trying, Waiting, Admitted, Served, GivenUp, Evicted, Expired }

/// <summary>An attempt that was refused.</summary>
internal readonly record struct Refusal(double At, int Tenant, DenialReason Reason, long RetryAfterMs);
