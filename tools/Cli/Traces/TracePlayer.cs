using System.Runtime.CompilerServices;

namespace TokenLedger.Cli.Traces;

/// <summary>Plays planned requests as a gateway would: admit, hold for the simulated duration, report usage.</summary>
internal sealed class TracePlayer(GatewayCalls calls, PlayOptions options, TimeProvider time, PlayTally tally)
{
    /// <returns>False when the play was interrupted.</returns>
    public async Task<bool> PlayAsync(IReadOnlyList<PlannedRequest> plan, CancellationToken ct)
    {
        // If either side fails, the other must not wait for it for ever.
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var batches = options.UsageBatch > 1 ? new UsageBatches(calls, options.UsageBatch) : null;
        try
        {
            await Task.WhenAll(StopOnFailureAsync(RequestsAsync(plan, batches, stop.Token), stop), StopOnFailureAsync(batches?.RunAsync(stop.Token) ?? Task.CompletedTask, stop));
            return true;
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            return false;
        }
    }

    private async Task RequestsAsync(IReadOnlyList<PlannedRequest> plan, UsageBatches? batches, CancellationToken ct)
    {
        var workers = new ParallelOptions { MaxDegreeOfParallelism = options.Workers, CancellationToken = ct };
        await Parallel.ForEachAsync(ArrivalsAsync(plan, ct), workers, async (request, token) =>
        {
            tally.Offered();
            if (!await calls.AdmitAsync(request, token)) return;
            if (options.HoldOf(request) is var hold && hold > TimeSpan.Zero) await Task.Delay(hold, time, token);
            if (batches is null) await calls.ReportAsync(request, token);
            else await batches.AddAsync(request, token);
        });
        batches?.Complete();
    }

    /// <summary>The requests, each at its time: open loop at a speed, as fast as there are free workers without one.</summary>
    private async IAsyncEnumerable<PlannedRequest> ArrivalsAsync(IReadOnlyList<PlannedRequest> plan, [EnumeratorCancellation] CancellationToken ct)
    {
        var started = time.GetTimestamp();
        foreach (var request in plan)
        {
            if (options.Speed is { } speed)
            {
                var early = request.Arrival / speed - time.GetElapsedTime(started);
                if (early > TimeSpan.Zero) await Task.Delay(early, time, ct);
                else tally.Lagged(-early);
            }
            yield return request;
        }
    }

    private static async Task StopOnFailureAsync(Task part, CancellationTokenSource stop)
    {
        try
        {
            await part;
        }
        catch
        {
            await stop.CancelAsync();
            throw;
        }
    }
}
