using TokenLedger.Contracts;
using TokenLedger.Core.Replay;

namespace TokenLedger.Cli.Replay;

/// <summary>Something that is wrong with the ledger, in a sentence.</summary>
internal sealed record Finding(long Position, string Sentence);

/// <summary>Verifies one pool's stream and its fleet's: versions without a gap, decisions as recorded, nothing above capacity.</summary>
internal sealed class PoolVerification(PoolId pool)
{
    private readonly ReplayVerifier _decisions = new(pool);
    private readonly CapacityAudit _capacity = new(pool);
    private readonly ScalingVerifier _scaling = new(pool);
    private long _version;
    private long _fleetVersion;
    private long _position;

    /// <summary>The first thing that is wrong; null as long as nothing is.</summary>
    public Finding? Found { get; private set; }

    /// <summary>Takes the next event of the streams; after a finding there is no sense in going on.</summary>
    public void Take(RecordedEvent recorded)
    {
        if (Found is not null) return;
        var isFleet = recorded.Data is CapacityChanged or ScalingDecided;
        _position = recorded.Position;
        if (Gap(recorded, ref isFleet ? ref _fleetVersion : ref _version, isFleet ? "Fleet of pool" : "Pool") is { } gap)
        {
            Found = gap;
            return;
        }
        try
        {
            if (!isFleet) Found = Sentence(_decisions.Take(recorded)) ?? Sentence(_capacity.Take(recorded));
            Found ??= Sentence(_scaling.Take(recorded));
        }
        catch (Exception e)
        {
            // A stream that no pool could have written breaks the pool's own invariants, and that is what the check is there to find.
            Found = new(recorded.Position, $"Pool {pool}, position {recorded.Position}: {recorded.Type} cannot follow what was recorded before it: {e.Message}");
        }
    }

    private Finding? Gap(RecordedEvent recorded, ref long version, string what)
    {
        (var previous, version) = (version, recorded.Version);
        return version == previous + 1 ? null : new(recorded.Position, $"{what} {pool}: version {recorded.Version} follows version {previous} at position {recorded.Position}.");
    }

    /// <summary>Says that there is nothing more to come.</summary>
    public void Complete() => Found ??= Sentence(_decisions.Complete());

    public PoolReport ToReport() => new(pool.Value, _decisions.Events, _decisions.Decisions, _decisions.Unverified, _capacity.Held.Tokens, _capacity.Held.KvCacheBytes, _capacity.Held.Sequences,
        _capacity.PeakKvCacheBytes, _capacity.PeakSequences, _capacity.LowestTokens == decimal.MaxValue ? null : (long)decimal.Floor(_capacity.LowestTokens), _scaling.Decisions, _scaling.Unverified);

    private Finding? Sentence(ReplayDifference? difference) => difference is null ? null
        : new(difference.Position == 0 ? _position : difference.Position, $"Pool {pool}, position {difference.Position}: decided again it is {difference.Expected}, recorded is {difference.Recorded}.");

    private Finding? Sentence(AuditFinding? finding) => finding is null ? null
        : new(finding.Position, $"Pool {pool}, position {finding.Position}: {finding.Held} {finding.Dimension} are held of {finding.Capacity}.");
}
