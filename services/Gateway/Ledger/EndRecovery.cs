using Microsoft.Extensions.Options;
using TokenLedger.Client;
using TokenLedger.Contracts;
using TokenLedger.Gateway.Upstreams;
using TokenLedger.Hosting;
using TokenLedger.Ledger;

namespace TokenLedger.Gateway.Ledger;

/// <summary>
/// Tells the ends that a gateway that died cannot tell any more: of every request whose lease has run out it asks the pool's servers what it used, and reports that as the dead one would have.
/// A checkpoint for each pool says how far that is done, so that what runs out while no gateway runs is found by the next one; two that do the same do it once.
/// </summary>
/// <remarks>It is no <see cref="LedgerFollower"/>: a server that is away is no reason to call the gateway not ready.</remarks>
internal sealed class EndRecovery(
    ILedger ledger, UsageReporter reporter, IUpstreams upstreams, UsageInquiry inquiry, IOptions<GatewayOptions> options, IOptions<FollowerOptions> followers, TimeProvider clock, GatewayMeters meters,
    ILogger<EndRecovery> log) : BackgroundService
{
    private const int PageSize = 500;
    private const int AtOnce = 32;
    private static readonly string[] s_expired = [EventCatalogue.WireName<ReservationExpired>()];

    /// <summary>The name of a pool's checkpoint.</summary>
    public static string Checkpoint(PoolId pool) => $"gateway-ends-{pool}";

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        inquiry.IsPossible ? Task.WhenAll(upstreams.Pools.Select(pool => FollowAsync(pool, stoppingToken))) : Task.CompletedTask;

    private async Task FollowAsync(PoolId pool, CancellationToken ct)
    {
        using var timer = new PeriodicTimer(followers.Value.CatchUpInterval, clock);
        long? position = null;
        var failed = false;
        do
            try
            {
                position = await CatchUpAsync(pool, position ?? await ledger.LoadCheckpointAsync(Checkpoint(pool), ct), ct);
                failed = false;
            }
            catch (Exception e) when (!ct.IsCancellationRequested)
            {
                if (!failed) log.LogWarning("The ends of requests of {Pool} are not told until the ledger answers: {Reason}", pool, e.Message);
                failed = true;
            }
        while (await timer.WaitForNextTickAsync(ct));
    }

    /// <returns>The position up to which all is done.</returns>
    private async Task<long> CatchUpAsync(PoolId pool, long position, CancellationToken ct)
    {
        LedgerPage page;
        do
        {
            page = await ledger.ReadAllAsync(position, PageSize, s_expired, Streams.Pool(pool), ct);
            if (page.Through <= position || !await TellAsync(pool, page.Events, ct)) return position;
            await ledger.SaveCheckpointAsync(Checkpoint(pool), position = page.Through, ct);
        }
        while (page.Events.Count == PageSize);
        return position;
    }

    /// <returns>False when Metering does not take what is told: all of them come again.</returns>
    private async Task<bool> TellAsync(PoolId pool, IReadOnlyList<RecordedEvent> expired, CancellationToken ct)
    {
        if (expired.Count == 0) return true;
        var told = (await ledger.FindAsync([.. expired.Select(IdOfEnd)], ct)).Select(end => end.Id).ToHashSet();
        using var over = new CancellationTokenSource(TimeSpan.FromMilliseconds(options.Value.UsageMs), clock);
        var taken = true;
        await Parallel.ForEachAsync(expired.Where(one => !told.Contains(IdOfEnd(one))), new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = ct }, async (one, stop) =>
        {
            var request = ((ReservationExpired)one.Data).Request;
            var known = await inquiry.AskAsync(upstreams.Of(pool), request, over.Token, stop);
            if (!known.IsSure) log.LogWarning("Not every server of {Pool} could tell what {Request} used", pool, request);
            if (known.Usage is not { } usage) return;
            // Every gateway says the same: nothing in it is its own.
            var consumption = new Consumption(Settlement.Source, request.ToString(), request, new(
                pool, usage.Input ?? 0, usage.Output ?? 0, Outcome.Failed, usage.Cached, usage.Reasoning, StartedAt: null, FirstTokenAt: null, CompletedAt: one.Timestamp));
            if (await reporter.TryAsync(key: null, consumption, stop)) meters.Recovered(pool);
            else taken = false;
        });
        ct.ThrowIfCancellationRequested();
        return taken;
    }

    private static Guid IdOfEnd(RecordedEvent expired) => EventIds.Usage(Settlement.Source, ((ReservationExpired)expired.Data).Request.ToString());
}
