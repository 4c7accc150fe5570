using TokenLedger.Contracts;

namespace TokenLedger.Core.Scaling;

/// <summary>What the signals of one decision look at.</summary>
/// <param name="Seen">What is known of the engines; nothing of them where it is too old.</param>
/// <param name="Memory">Since when conditions last, this decision included.</param>
/// <param name="Ready">Replicas that serve.</param>
/// <param name="PayingShare">The part of the sequences held that is not held by those who have surplus only.</param>
internal sealed record ScalingCase(
    ScalingState State, PoolSettings Settings, ScalingRules Rules, ScalingObservation Seen, ScalingMemory Memory, DateTimeOffset Now, int Ready, Forecast Demand, Sums Recent, double PayingShare)
{
    /// <summary>A condition of the engines counts when it has lasted so long.</summary>
    public static readonly TimeSpan Sustained = TimeSpan.FromSeconds(15);

    public Capacity One => Settings.PerReplica;
    public double Target => Settings.Scaling.TargetUtilization;
    public bool LedgerMissing => Seen.LedgerAgeSeconds > Rules.StaleSeconds;
    public bool EnginesMissing => Ready > 0 && Seen.AgeSeconds > Rules.StaleSeconds;

    /// <summary>The last replicas that were asked for serve, and have done so for a while.</summary>
    public bool HasSettled => Ready >= (State.Last?.Decided.DesiredReplicas ?? 0) && !(Now - State.Fleet.RaisedAt < TimeSpan.FromSeconds(Rules.StartUpSeconds) + 2 * Sustained);

    /// <summary>For how long something has been missing.</summary>
    public double MissingSeconds => Math.Max(LedgerMissing ? Seen.LedgerAgeSeconds : 0, EnginesMissing ? Seen.AgeSeconds!.Value : 0);

    /// <summary>Mean time that a request holds its sequence; null while none has ended lately.</summary>
    public double? HoldSeconds => Recent.Ended > 0 ? Recent.HoldTicks / (double)Recent.Ended / TimeSpan.TicksPerSecond : null;

    /// <summary>What requests use of what they reserve.</summary>
    public double UsedShare => Recent.EndedReservedTokens > 0 ? Math.Min(2, (double)Recent.EndedUsedTokens / Recent.EndedReservedTokens) : 1;

    /// <summary>Requests a second when a replica that is started now serves.</summary>
    public double RequestsPerSecond => Demand.Growth * (Demand.LevelTokens > 0 && Recent.Tokens > 0 ? Demand.LevelTokens * Recent.Requests / Recent.Tokens : 0);

    /// <summary>What floors keep free though their owners do not use it: nobody else can be served by it.</summary>
    public (double TokensPerSecond, double Sequences) KeptIdle
    {
        get
        {
            if (Settings.Policy != AdmissionPolicy.WeightedShare) return default;
            var (promised, kept) = (State.PromisedAt(Now, Now), 1 - Settings.Lending);
            var used = Recent.Seconds > 0 ? Recent.FloorTokens * UsedShare / Recent.Seconds : 0;
            return (kept * Math.Max(0, promised.TokensPerSecond - used), kept * Math.Max(0, promised.Sequences - State.Requests.FloorSequences));
        }
    }

    public static ScalingCase Of(ScalingState state, ScalingObservation observation, DateTimeOffset now)
    {
        var (settings, requests) = (state.Settings!, state.Requests);
        var rules = settings.Scaling.Rules ?? new();
        var seen = Known(observation);
        var ready = Math.Max(0, seen.ReadyReplicas ?? state.Replicas);
        // What is too old says nothing; what serves nothing is asked nothing.
        var fresh = ready > 0 && seen.AgeSeconds <= rules.StaleSeconds;
        var held = requests.PayingSequences + requests.SurplusSequences;
        var recent = requests.Bins.Between(now, (int)DemandBins.Window.TotalSeconds, 0);
        var visible = fresh ? seen : new ScalingObservation(seen.ReadyReplicas, seen.AgeSeconds, seen.LedgerAgeSeconds);
        return new(
            state, settings, rules, visible, Remember(state.Last?.Decided.Memory, visible, rules, now), now, ready,
            Forecast.Of(requests.Bins, now, rules.StartUpSeconds), recent, held == 0 ? 1 : (double)requests.PayingSequences / held);
    }

    private static ScalingMemory Remember(ScalingMemory? before, ScalingObservation seen, ScalingRules rules, DateTimeOffset now) => new(
        seen.KvCacheUsage > KvReactive.High ? before?.KvHighSince ?? now : null,
        Late(seen.TimeToFirstTokenSeconds, rules.TimeToFirstTokenTargetMs) ? before?.FirstTokenLateSince ?? now : null,
        Late(seen.InterTokenSeconds, rules.InterTokenTargetMs) ? before?.InterTokenLateSince ?? now : null);

    private static bool Late(double? seconds, int targetMs) => targetMs > 0 && seconds * 1_000 > targetMs;

    /// <summary>What an engine reports that is no number, or less than nothing, is not known.</summary>
    internal static ScalingObservation Known(ScalingObservation o) => new(
        o.ReadyReplicas, o.AgeSeconds is { } age ? Known(age) ?? double.MaxValue : null, Known(o.LedgerAgeSeconds) ?? double.MaxValue, o.Running < 0 ? null : o.Running, o.Waiting < 0 ? null : o.Waiting,
        Known(o.KvCacheUsage), Known(o.PromptTokensPerSecond), Known(o.GenerationTokensPerSecond), Known(o.TimeToFirstTokenSeconds), Known(o.InterTokenSeconds));

    private static double? Known(double? value) => value is { } number && double.IsFinite(number) && number >= 0 ? Math.Abs(number) : null;
}
