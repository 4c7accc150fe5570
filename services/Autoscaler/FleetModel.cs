using TokenLedger.Contracts;
using TokenLedger.Ledger;

namespace TokenLedger.Autoscaler;

/// <summary>A report of how many replicas really run.</summary>
/// <param name="ConfiguredReplicas">What the pool was configured with: what a first report is compared with.</param>
internal sealed record ReportCapacity(int Replicas, int ConfiguredReplicas, string ReportedBy);

/// <summary>A pool's fleet. Answers with the position of the event that recorded the change, 0 when nothing changed.</summary>
internal sealed class FleetModel(PoolId pool) : IStreamModel<ReportCapacity, long>
{
    private int? _replicas;

    public string Stream { get; } = Streams.Fleet(pool);

    public bool NeedsHistory => true;

    public void Reset() => _replicas = null;

    public void Evolve(ILedgerEvent data, DateTimeOffset timestamp)
    {
        if (data is CapacityChanged e) _replicas = e.Replicas;
    }

    public Task PrepareAsync(IReadOnlyList<ReportCapacity> batch, CancellationToken ct) => Task.CompletedTask;

    /// <summary>A first report is always recorded: from then on the fleet, and not the configuration, says what runs.</summary>
    public Decided<long> Decide(ReportCapacity command, DateTimeOffset now) => command.Replicas == _replicas
        ? new([], _ => 0)
        : new(
            [new NewEvent(Guid.CreateVersion7(now), now, new CapacityChanged(pool, command.Replicas, _replicas ?? command.ConfiguredReplicas, command.ReportedBy))],
            appended => appended.FirstPosition);

    public IReadOnlyList<NewEvent> EndBatch(DateTimeOffset now) => [];
}
