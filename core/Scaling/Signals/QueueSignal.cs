using TokenLedger.Contracts;

namespace TokenLedger.Core.Scaling;

/// <summary>
/// (running + waiting · hold ÷ (hold + start-up)) ÷ (sequences of a replica · target utilisation), once what waits, at the engines and for admission, takes longer than the target: waiting · hold ÷ sequences.
/// Of what waits now, only that part will still need a sequence when a replica that is started now serves.
/// </summary>
internal static class QueueSignal
{
    public static ScalingClaim? Of(ScalingCase c)
    {
        if (c.Seen.Running is null && c.LedgerMissing) return null;
        var atEngines = (c.Seen.Waiting ?? 0) * c.PayingShare;
        var (waiting, running) = (atEngines + (c.LedgerMissing ? 0 : c.State.Requests.Waiting), c.Seen.Running is { } seen ? seen * c.PayingShare : c.State.Requests.PayingSequences);
        var hold = Math.Max(1, c.HoldSeconds ?? c.Rules.StartUpSeconds);
        var wait = waiting <= 0 ? 0 : waiting * hold / Math.Max(1.0, (double)c.Ready * c.One.Sequences);
        var need = wait * 1_000 > c.Rules.QueueTargetMs ? ((running + waiting * hold / (hold + c.Rules.StartUpSeconds)) / c.Target + c.KeptIdle.Sequences) / c.One.Sequences : 0;
        return new(ScalingSignal.Queue, need, new("running", running), new("waiting", waiting), new("waitSeconds", wait));
    }
}
