using TokenLedger.Contracts;

namespace TokenLedger.Core.Scaling;

/// <summary>(running + waiting) ÷ (sequences of a replica · target utilisation), once what waits, at the engines and for admission, takes longer than the target: waiting · mean hold ÷ sequences.</summary>
internal static class QueueSignal
{
    public static ScalingClaim? Of(ScalingCase c)
    {
        if (c.Seen.Running is null && c.LedgerMissing) return null;
        var atEngines = (c.Seen.Waiting ?? 0) * c.PayingShare;
        var (waiting, running) = (atEngines + (c.LedgerMissing ? 0 : c.State.Requests.Waiting), c.Seen.Running is { } seen ? seen * c.PayingShare : c.State.Requests.PayingSequences - atEngines);
        var wait = waiting <= 0 ? 0 : waiting * (c.HoldSeconds ?? c.Rules.StartUpSeconds) / Math.Max(1.0, (double)c.Ready * c.One.Sequences);
        var need = wait * 1_000 > c.Rules.QueueTargetMs ? ((Math.Max(0, running) + waiting) / c.Target + c.KeptIdle.Sequences) / c.One.Sequences : 0;
        return new(ScalingSignal.Queue, need, new("running", Math.Max(0, running)), new("waiting", waiting), new("waitSeconds", wait));
    }
}
