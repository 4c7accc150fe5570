using System.Diagnostics;
using TokenLedger.Contracts;

namespace TokenLedger.Benchmarks.Overload;

/// <summary>One run: what became of its requests, and how many waited in the engines over time.</summary>
internal sealed record OverloadRun(IReadOnlyList<LoadOutcome> Outcomes, IReadOnlyList<(double At, int Waiting)> Waiting);

/// <summary>
/// The overload experiment with everything real but the model: the same tenants alone, in an overload of spot, and in that overload without admission.
/// What the guaranteed tenants send is the same in all three, to the millisecond.
/// </summary>
internal sealed class OverloadBench(Servers servers, BenchOptions options)
{
    private const int Seed = 1;

    /// <summary>Without admission the backlog of a phase takes three times as long.</summary>
    private const int MostSeconds = 30;
    private const double WarmUpSeconds = 10;
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan s_lookEvery = TimeSpan.FromMilliseconds(250);

    public async Task RunAsync(CancellationToken ct)
    {
        var plan = new OverloadPlan(Math.Min(options.Seconds, MostSeconds));
        var (database, all) = (await servers.NewDatabaseAsync(ct), LoadSchedule.Of(plan.Tenants, Seed));
        await using (var site = await OverloadSite.StartAsync(plan, database, ct))
        {
            await LoadAsync(site, "warm-up", LoadSchedule.Of([.. plan.Tenants.Select(tenant => tenant with { Stretches = [tenant.Stretches[0] with { To = WarmUpSeconds }] })], Seed + 1), ct);
            var unloaded = await LoadAsync(site, "unloaded", [.. all.Where(request => request.Tenant.ServiceClass == ServiceClass.Guaranteed)], ct);
            var controlled = await LoadAsync(site, "admission", all, ct);
            var held = await site.EmptyAsync(ct);
            await site.UseAsync(AdmissionPolicy.AdmitAll, ct);
            var without = await LoadAsync(site, "without", all, ct);
            held += await site.EmptyAsync(ct);
            var figures = new OverloadFigures(plan, unloaded, controlled, without);
            figures.Report();
            var (unaccounted, produced) = await site.AccountAsync(ct);
            Results.Row("overload/unaccounted", unaccounted, "tokens", produced, "tokens that the engines produced");
            Results.Row("overload/held", held, "reservations");
            if (options.Out is { } folder) await new OverloadFiles(plan, unloaded, controlled, without).WriteAsync(folder, ct);
        }
        await servers.DropAsync(database, ct);
    }

    private static async Task<OverloadRun> LoadAsync(OverloadSite site, string name, IReadOnlyList<ScheduledRequest> schedule, CancellationToken ct)
    {
        Results.Say($"  {name}: {schedule.Count} requests in {schedule[^1].Due:0} s ...");
        using var over = CancellationTokenSource.CreateLinkedTokenSource(ct);
        over.CancelAfter(s_patience);
        var watching = WatchAsync(site, over.Token);
        try
        {
            var outcomes = await LoadClient.RunAsync(site.Gateway, site.Keys, schedule, name, over.Token);
            await over.CancelAsync();
            return new(outcomes, await watching);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw new BenchException($"The run '{name}' has not ended after {s_patience.TotalMinutes} minutes.");
        }
    }

    private static async Task<IReadOnlyList<(double, int)>> WatchAsync(OverloadSite site, CancellationToken ct)
    {
        var (started, seen) = (Stopwatch.GetTimestamp(), new List<(double, int)>());
        using var timer = new PeriodicTimer(s_lookEvery);
        try
        {
            while (await timer.WaitForNextTickAsync(ct)) seen.Add((Stopwatch.GetElapsedTime(started).TotalSeconds, await site.WaitingAsync(ct)));
        }
        catch (OperationCanceledException)
        {
            // The run is over.
        }
        return seen;
    }
}
