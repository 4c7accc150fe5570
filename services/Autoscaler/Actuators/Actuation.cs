using TokenLedger.Contracts;

namespace TokenLedger.Autoscaler.Actuators;

/// <summary>Keeps an actuator at what is desired without anybody waiting for it: one attempt at a time, and after a failure pauses that double.</summary>
internal sealed class Actuation(PoolId pool, IActuator actuator, AutoscalerOptions options, TimeProvider clock, ILogger log)
{
    private const int MostDoublings = 20;
    private Task _attempt = Task.CompletedTask;
    private volatile State _state = new(0, null, null);

    /// <summary>Attempts that failed in a row, what the last met with, and when the next may be made.</summary>
    public State Now => _state;

    /// <summary>Begins an attempt, unless one is under way or it is too early for the next.</summary>
    public void Want(int replicas, CancellationToken ct)
    {
        if (_attempt.IsCompleted && !(clock.GetUtcNow() < _state.NextTryAt)) _attempt = TryAsync(replicas, ct);
    }

    /// <summary>Returns when no attempt is under way.</summary>
    public Task SettledAsync() => _attempt;

    private async Task TryAsync(int replicas, CancellationToken ct)
    {
        await Task.Yield();
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(options.ActTimeoutSeconds), clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, late.Token);
        try
        {
            await actuator.ScaleAsync(replicas, either.Token);
            if (_state.Failures > 0) log.LogInformation("The fleet of pool {Pool} can be scaled again, after {Failures} failures.", pool, _state.Failures);
            _state = new(0, null, null);
        }
        catch (Exception) when (ct.IsCancellationRequested)
        {
            // The process stops; whoever starts next goes on from the recorded decision.
        }
        catch (OperationCanceledException)
        {
            Failed(replicas, $"It did not answer within {options.ActTimeoutSeconds} s.", null);
        }
        catch (Exception e)
        {
            Failed(replicas, e is ActuatorException ? e.Message : $"It failed: {e.GetType().Name}.", e);
        }
    }

    private void Failed(int replicas, string reason, Exception? error)
    {
        var failures = _state.Failures + 1;
        var pause = TimeSpan.FromSeconds(Math.Min(options.ActRetryLongestSeconds, options.ActRetryFirstSeconds * Math.Pow(2, Math.Min(failures - 1, MostDoublings))));
        _state = new(failures, reason, clock.GetUtcNow() + pause);
        log.LogWarning(error is ActuatorException ? null : error, "The fleet of pool {Pool} could not be brought to {Replicas} replicas, {Failures} times in a row; the next attempt is in {Pause}. {Reason}", pool, replicas, failures, pause, reason);
    }

    internal sealed record State(int Failures, string? Failure, DateTimeOffset? NextTryAt);
}
