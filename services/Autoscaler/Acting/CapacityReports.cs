using TokenLedger.Contracts;
using TokenLedger.Ledger;

namespace TokenLedger.Autoscaler.Acting;

/// <summary>Records how many replicas really run. What ran before is asked of the ledger each time, for other instances report too.</summary>
internal sealed class CapacityReports(ILedger ledger, TimeProvider clock)
{
    private const int MostConflicts = 5;
    private static readonly string s_changed = EventCatalogue.WireName<CapacityChanged>();

    /// <param name="configured">What the pool was configured with: what a first report is compared with.</param>
    /// <returns>Position of the event that recorded the change; 0 when nothing changed. A first report is always recorded: from then on the fleet, and not the configuration, says what runs.</returns>
    public async Task<long> ReportAsync(PoolId pool, int replicas, int configured, string reportedBy, CancellationToken ct)
    {
        var stream = Streams.Fleet(pool);
        for (var conflicts = 0; ; conflicts++)
            try
            {
                var version = await ledger.VersionAsync(stream, ct);
                var previous = await PreviousAsync(stream, ct);
                if (previous == replicas) return 0;
                var now = clock.GetUtcNow().ToLedgerTime();
                var changed = new CapacityChanged(pool, replicas, previous ?? configured, reportedBy);
                return (await ledger.AppendAsync(stream, version, [new NewEvent(Guid.CreateVersion7(now), now, changed)], ct)).FirstPosition;
            }
            catch (VersionConflictException) when (conflicts < MostConflicts)
            {
                // Somebody else reported or decided in between: what ran before is asked again.
            }
    }

    private async Task<int?> PreviousAsync(string stream, CancellationToken ct) =>
        await ledger.LastVersionAsync(stream, s_changed, ct) is > 0 and var last ? ((CapacityChanged)(await ledger.ReadStreamAsync(stream, last - 1, 1, ct))[0].Data).Replicas : null;
}
