using TokenLedger.Cli.Replay;
using TokenLedger.Contracts;
using TokenLedger.Core.Replay;

namespace TokenLedger.Cli.WhatIf;

/// <summary>Reads a pool from the ledger up to the end of a window and has the window decided again.</summary>
internal sealed class WhatIfReader(IEventSource source, long head)
{
    public async Task<WhatIfReport> ReadAsync(LedgerMoment from, LedgerMoment? to, PoolId? pool, WhatIfChanges changes, CancellationToken ct)
    {
        var first = await from.ResolveFirstAsync(source, head, ct);
        var last = to is { } end ? await end.ResolveAsync(source, head, ct) : head;
        if (last < first) throw CommandFailure.BadUsage($"--to is before --from: position {last} before {first}.");
        var name = pool ?? await OnlyPoolAsync(last, ct);
        var window = new WhatIfWindow(first, last, (await source.FirstFromAsync(first, ct)).Timestamp, (await source.FirstFromAsync(last, ct)).Timestamp);
        try
        {
            var study = new WhatIfStudy(name, window, changes);
            await FillAsync(study, name, last, ct);
            return new(name, window, WhatIfOptions.Describe(changes), study.Compare());
        }
        catch (WhatIfRefusedException e)
        {
            throw CommandFailure.BadUsage(e.Message);
        }
    }

    private async Task FillAsync(WhatIfStudy study, PoolId pool, long last, CancellationToken ct)
    {
        await foreach (var raw in source.MergeAsync(new(0, head, Streams.Pool(pool)), Streams.Fairness(pool), ct))
        {
            // The window may end in the middle of a decision: that is read to its end.
            if (raw.Position > last && study.IsBetweenDecisions) return;
            if (study.Take(raw.Read()) is { } difference)
                throw CommandFailure.Failed($"There is nothing to compare with: at position {difference.Position} it is decided {difference.Expected}, recorded is {difference.Recorded}.");
        }
    }

    private async Task<PoolId> OnlyPoolAsync(long last, CancellationToken ct)
    {
        var pools = await new PastViews(source, last, default).PoolsAsync(ct);
        return pools.Count == 1 ? pools[0] : throw CommandFailure.BadUsage(pools.Count == 0 ? "There is no pool." : $"There are {pools.Count} pools: name one with --pool ({string.Join(", ", pools.Take(10))}).");
    }
}
