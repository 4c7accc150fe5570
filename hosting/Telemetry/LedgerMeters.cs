using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace TokenLedger.Hosting;

/// <summary>What this process knows of the ledger and of its readers, as measurements. Labels are names from the program: projections and event types.</summary>
internal sealed class LedgerMeters
{
    public const string MeterName = "tokenledger.ledger";

    private readonly ConcurrentDictionary<string, Func<long>> _positions = new();
    private readonly Counter<long> _published;
    private readonly Counter<long> _handled;
    private long _head;

    public LedgerMeters(IMeterFactory factory)
    {
        var meter = factory.Create(MeterName);
        _published = meter.CreateCounter<long>("tokenledger.publisher.published", "{event}", "Events that the broker has confirmed, repeats included.");
        _handled = meter.CreateCounter<long>("tokenledger.projection.handled", "{event}", "Events that a projection has taken in.");
        meter.CreateObservableGauge("tokenledger.ledger.head", () => Volatile.Read(ref _head), "{event}", "Last position of the ledger that this process has seen.");
        meter.CreateObservableGauge("tokenledger.projection.position", () => Positions(position => position), "{event}", "Position up to which a projection is complete.");
        meter.CreateObservableGauge("tokenledger.projection.lag", () => Positions(Lag), "{event}", "Positions between a projection and the head.");
    }

    public void Track(string projection, Func<long> position) => _positions[projection] = position;

    public void Published(string wireName, int events) => _published.Add(events, new KeyValuePair<string, object?>("type", wireName));

    public void Handled(string projection, int events) => _handled.Add(events, new KeyValuePair<string, object?>("projection", projection));

    public void SawHead(long position)
    {
        long seen;
        while (position > (seen = Volatile.Read(ref _head)))
            if (Interlocked.CompareExchange(ref _head, position, seen) == seen) return;
    }

    private long Lag(long position) => Math.Max(0, Volatile.Read(ref _head) - position);

    private IEnumerable<Measurement<long>> Positions(Func<long, long> value) =>
        _positions.Select(one => new Measurement<long>(value(one.Value()), new KeyValuePair<string, object?>("projection", one.Key)));
}
