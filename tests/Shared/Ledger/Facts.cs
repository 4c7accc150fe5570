using TokenLedger.Contracts;

namespace TokenLedger.Tests;

/// <summary>Events for tests of the ledger, which does not care what they say.</summary>
internal static class Facts
{
    public static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public static NewEvent Capacity(int replicas, Guid? id = null) =>
        new(id ?? Guid.NewGuid(), Noon.AddMicroseconds(replicas), new CapacityChanged(new("a-pool"), replicas, 1, "a test"));

    public static NewEvent KeyRevoked(string key) => new(Guid.NewGuid(), Noon, new OperatorKeyRevoked(new(key)), "correlation", "causation");

    public static NewEvent[] Capacities(int count) => [.. Enumerable.Range(1, count).Select(replicas => Capacity(replicas))];

    public static RecordedEvent Recorded(long position, string stream, long version, NewEvent recorded) =>
        new(position, stream, version, recorded.Id, EventCatalogue.Of(recorded.Data.GetType()).WireName, recorded.Timestamp, recorded.Data, recorded.CorrelationId, recorded.CausationId);
}
