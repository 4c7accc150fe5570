using TokenLedger.Cli.Simulation;
using TokenLedger.Contracts;
using TokenLedger.Core.Scaling;

namespace TokenLedger.Cli.Experiments;

/// <summary>The core's own decisions, from the same ledger and what is seen of the engines.</summary>
internal sealed class Ours : FleetPolicy
{
    private readonly ScalingState _state = new(new("simulated"));

    public override void See(RecordedEvent recorded) => _state.Evolve(recorded);

    public override int Decide(FleetSight sight, Action<ILedgerEvent> append)
    {
        var observation = new ScalingObservation(
            sight.Ready, AgeSeconds: 0, LedgerAgeSeconds: 0, sight.Running, sight.Waiting, sight.KvCacheUsage, sight.PromptTokensPerSecond, sight.GenerationTokensPerSecond, sight.FirstTokenSeconds);
        if (ScalingDecisions.Decide(_state, observation, sight.At) is { } decided) append(decided);
        return _state.Last?.Decided.DesiredReplicas ?? sight.Desired;
    }
}
