using TokenLedger.Contracts;
using TokenLedger.Hosting;
using TokenLedger.Metering.Views;

namespace TokenLedger.Metering.Intake;

/// <summary>Bills requests whose lease ran out by their last interim report. It may be told of an expiry any number of times: the lost end's id is made of the request's.</summary>
internal sealed class LostEnds(UsageWriters writers, [FromKeyedServices(UsageProjection.FollowerName)] LedgerFollower views)
{
    public const string FollowerName = "metering-lost-ends";
    private const int AtOnce = 1_000;

    public async Task BillAsync(IReadOnlyList<RecordedEvent> events, CancellationToken ct)
    {
        if (events.Count == 0) return;
        // The writer would have to read what the views have not taken in yet, and others wait for it.
        await views.WaitForAsync(events[^1].Position, ct);
        foreach (var chunk in events.Chunk(AtOnce))
            await Task.WhenAll(chunk.Select(recorded => (ReservationExpired)recorded.Data).Select(e => writers.SendAsync(new RecordLostEnd(e.Pool, e.Request, e.Entitlement), ct)));
    }
}
