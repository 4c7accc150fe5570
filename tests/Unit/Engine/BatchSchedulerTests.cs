using TokenLedger.Engine;

namespace TokenLedger.Tests.Unit.Engine;

/// <summary>The scheduler step by step, without a clock.</summary>
public sealed class BatchSchedulerTests : IDisposable
{
    private static readonly EngineOptions s_options = new(9000, "m", 100, Slots: 2, Queue: 3, 1000, 1000, 10);
    private readonly BatchScheduler _scheduler = new(s_options, new EngineMetrics(s_options), TimeProvider.System);

    [Fact]
    public void Reads_the_prompt_before_it_makes_output()
    {
        var sequence = Add(prompt: 30, output: 5);
        _scheduler.FillSlots();
        _scheduler.Step(29, now: 1);
        Assert.Equal(0, sequence.LastTokenAt);
        _scheduler.Step(3, now: 2);
        Assert.Equal((2, 32), (sequence.LastTokenAt, sequence.CachedTokens));
        _scheduler.Step(3, now: 3);
        Assert.True(sequence.IsDone);
        Assert.False(_scheduler.FillSlots());
    }

    [Fact]
    public void Shares_a_step_equally_and_gives_what_one_does_not_need_to_the_other()
    {
        var (small, large) = (Add(1, 4), Add(1, 100));
        _scheduler.FillSlots();
        _scheduler.Step(6, now: 1);
        Assert.Equal((3, 3), (small.CachedTokens, large.CachedTokens));
        _scheduler.Step(20, now: 2);
        Assert.Equal((5, 21), (small.CachedTokens, large.CachedTokens));
    }

    [Fact]
    public void Starves_no_sequence_when_a_step_has_fewer_tokens_than_sequences()
    {
        var (a, b) = (Add(1, 100), Add(1, 100));
        _scheduler.FillSlots();
        for (var step = 1; step <= 20; step++) _scheduler.Step(0.5, step);
        Assert.Equal((5, 5), (a.CachedTokens, b.CachedTokens));
    }

    [Fact]
    public void Runs_no_more_than_its_slots_and_refuses_past_its_queue()
    {
        Sequence[] all = [Add(1, 1), Add(1, 1), Add(1, 1)];
        Assert.False(_scheduler.TryAdd(new(1, 1, 0, CancellationToken.None)));
        _scheduler.FillSlots();
        _scheduler.Step(100, now: 1);
        Assert.Equal([true, true, false], all.Select(sequence => sequence.IsDone));
        Assert.True(_scheduler.FillSlots());
    }

    [Fact]
    public void Lets_go_of_a_sequence_whose_client_has_gone()
    {
        using var client = new CancellationTokenSource();
        _scheduler.TryAdd(new(1, 1000, 0, client.Token));
        _scheduler.FillSlots();
        client.Cancel();
        _scheduler.Step(10, now: 1);
        Assert.False(_scheduler.FillSlots());
    }

    public void Dispose() => _scheduler.Dispose();

    private Sequence Add(int prompt, int output)
    {
        var sequence = new Sequence(prompt, output, 0, CancellationToken.None);
        Assert.True(_scheduler.TryAdd(sequence));
        return sequence;
    }
}
