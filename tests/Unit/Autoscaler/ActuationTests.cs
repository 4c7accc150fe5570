using Microsoft.Extensions.Logging.Abstractions;
using TokenLedger.Autoscaler.Actuators;

namespace TokenLedger.Tests.Unit.Autoscaler;

/// <summary>An actuator that refuses is asked again after pauses that double, and nobody waits for it.</summary>
public sealed class ActuationTests
{
    private readonly Clock _clock = new();
    private readonly Fleet _fleet = new();
    private readonly Actuation _actuation;

    public ActuationTests() => _actuation = new(new("chat"), _fleet, new() { ActRetryFirstSeconds = 1, ActRetryLongestSeconds = 4 }, _clock, NullLogger.Instance);

    [Fact]
    public async Task Doubles_the_pause_up_to_the_longest_and_says_why()
    {
        _fleet.Refusal = new ActuatorException("The API server answered 403.");
        foreach (var (failures, pause) in (ReadOnlySpan<(int, int)>)[(1, 1), (2, 2), (3, 4), (4, 4)])
        {
            var before = _clock.GetUtcNow();
            Want(3);
            Assert.Equal(new Actuation.State(failures, "The API server answered 403.", before.AddSeconds(pause)), SettledState());
            _clock.Skip(pause - 0.001);
            Want(3);
            Assert.Equal(failures, SettledState().Failures);
            _clock.Skip(0.001);
        }
        _fleet.Refusal = null;
        Want(5);
        Assert.Equal(new Actuation.State(0, null, null), SettledState());
        await _actuation.SettledAsync();
        Assert.Equal([3, 3, 3, 3, 5], _fleet.Asked);
    }

    [Fact]
    public void Names_only_the_kind_of_a_failure_that_nobody_foresaw()
    {
        _fleet.Refusal = new InvalidOperationException("secret");
        Want(1);
        Assert.Equal("It failed: InvalidOperationException.", SettledState().Failure);
    }

    [Fact]
    public async Task Begins_no_second_attempt_while_one_is_under_way()
    {
        _fleet.Gate = new();
        Want(2);
        await _fleet.Begun.Task.WaitAsync(TestContext.Current.CancellationToken);
        Want(3);
        Assert.False(_actuation.SettledAsync().IsCompleted);
        _fleet.Gate.SetResult();
        await _actuation.SettledAsync();
        Want(3);
        await _actuation.SettledAsync();
        Assert.Equal([2, 3], _fleet.Asked);
    }

    private void Want(int replicas) => _actuation.Want(replicas, TestContext.Current.CancellationToken);

    private Actuation.State SettledState()
    {
        _actuation.SettledAsync().Wait(TestContext.Current.CancellationToken);
        return _actuation.Now;
    }

    private sealed class Fleet : IActuator
    {
        public Exception? Refusal { get; set; }
        public TaskCompletionSource? Gate { get; set; }
        public TaskCompletionSource Begun { get; } = new();
        public List<int> Asked { get; } = [];

        public Task<FleetStatus?> LookAsync(CancellationToken ct) => Task.FromResult<FleetStatus?>(null);

        public async Task ScaleAsync(int replicas, CancellationToken ct)
        {
            Asked.Add(replicas);
            Begun.TrySetResult();
            if (Gate is not null) await Gate.Task;
            if (Refusal is not null) throw Refusal;
        }
    }

    private sealed class Clock : TimeProvider
    {
        private DateTimeOffset _now = new(2026, 7, 1, 12, 0, 0, TimeSpan.Zero);

        public void Skip(double seconds) => _now = _now.AddSeconds(seconds);

        public override DateTimeOffset GetUtcNow() => _now;
    }
}
