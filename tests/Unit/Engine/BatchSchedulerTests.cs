using TokenLedger.Engine;

namespace TokenLedger.Tests.Unit.Engine;

/// <summary>The scheduler step by step, without a clock.</summary>
public sealed class BatchSchedulerTests : IDisposable
{
    private static readonly EngineOptions s_options = new() { TokensPerSecond = 100, PrefillTokensPerSecond = 100, Slots = 2, Queue = 3, KvCacheTokens = 1_024 };
    private readonly EngineMetrics _metrics = new(s_options);
    private BatchScheduler _scheduler;

    public BatchSchedulerTests() => _scheduler = new(s_options, _metrics, TimeProvider.System);

    [Fact]
    public void Reads_the_prompt_before_it_makes_output()
    {
        var sequence = Add(prompt: 30, output: 5);
        _scheduler.FillSlots();
        _scheduler.Step(29, now: 1);
        Assert.Equal(0, sequence.LastTokenAt);
        _scheduler.Step(3, now: 2);
        Assert.Equal((2, 32), (sequence.LastTokenAt, sequence.Computed));
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
        Assert.Equal((3, 3), (small.Computed, large.Computed));
        _scheduler.Step(20, now: 2);
        Assert.Equal((5, 21), (small.Computed, large.Computed));
    }

    [Fact]
    public void Gives_a_sequence_no_more_than_one_can_have()
    {
        Use(s_options with { SequenceTokensPerSecond = 10 });
        var (a, b) = (Add(1, 100), Add(1, 100));
        _scheduler.FillSlots();
        for (var step = 1; step <= 50; step++) _scheduler.Step(5, step);
        // The prompt's one, one at once, and then half a token a step.
        Assert.Equal((27, 27), (a.Computed, b.Computed));
    }

    [Fact]
    public void Starves_no_sequence_when_a_step_has_fewer_tokens_than_sequences()
    {
        var (a, b) = (Add(1, 100), Add(1, 100));
        _scheduler.FillSlots();
        for (var step = 1; step <= 20; step++) _scheduler.Step(0.5, step);
        Assert.Equal((5, 5), (a.Computed, b.Computed));
    }

    [Fact]
    public void Reads_prompts_faster_than_it_makes_output()
    {
        Use(s_options with { PrefillTokensPerSecond = 1_000 });
        var sequence = Add(prompt: 50, output: 5);
        _scheduler.FillSlots();
        _scheduler.Step(10, now: 1);
        Assert.True(sequence.IsDone);
    }

    [Fact]
    public void Runs_no_more_than_its_slots_and_refuses_past_its_queue()
    {
        Sequence[] all = [Add(1, 1), Add(1, 1), Add(1, 1)];
        Assert.False(_scheduler.TryAdd(New(1, 1)));
        _scheduler.FillSlots();
        _scheduler.Step(100, now: 1);
        Assert.Equal([true, true, false], all.Select(sequence => sequence.IsDone));
        Assert.True(_scheduler.FillSlots());
    }

    [Fact]
    public async Task Lets_go_of_a_sequence_whose_client_has_gone_and_makes_nothing_more_of_it()
    {
        using var client = new CancellationTokenSource();
        var sequence = new Sequence(Prompt(1), 1_000, _ => 0, 0, client.Token);
        _scheduler.TryAdd(sequence);
        _scheduler.FillSlots();
        _scheduler.Step(10, now: 1);
        await client.CancelAsync();
        _scheduler.Step(10, now: 2);
        await sequence.Ended;
        Assert.Equal(9, sequence.Made);
        Assert.False(_scheduler.FillSlots());
    }

    [Fact]
    public async Task Lets_go_of_one_that_still_waits()
    {
        Sequence[] all = [Add(1, 100), Add(1, 100), Add(1, 100)];
        var third = all[2];
        _scheduler.FillSlots();
        third.Abort();
        _scheduler.FillSlots();
        await third.Ended;
        Assert.Equal(0, third.Made);
    }

    [Fact]
    public void Finds_the_beginning_of_a_prompt_in_the_cache()
    {
        Run(Add(40, 1));
        var again = Add(40, 1);
        Run(again);
        Assert.Equal(32, again.CachedTokens);
        Assert.Contains("vllm:prefix_cache_hits_total{model_name=\"simulated\"} 32", _metrics.ToPrometheusText(), StringComparison.Ordinal);
    }

    [Fact]
    public void Finds_its_own_answer_when_the_conversation_goes_on()
    {
        Run(Add(16, 17));
        ulong[] longer = [.. Prompt(16), .. Enumerable.Range(0, 17).Select(i => (ulong)i), 7, 8];
        var next = new Sequence(longer, 1, _ => 0, 0, CancellationToken.None);
        _scheduler.TryAdd(next);
        Run(next);
        Assert.Equal(32, next.CachedTokens);
    }

    /// <summary>Two that do not fit together: the younger gives way, starts again when the elder is done, and both answers are whole.</summary>
    [Fact]
    public void Takes_the_cache_from_the_youngest_when_it_is_full()
    {
        Use(s_options with { KvCacheTokens = 96 });
        var (elder, younger) = (Add(30, 50), new Sequence(Prompt(30, seed: 9), 50, i => (ulong)i + 1_000, 0, CancellationToken.None));
        _scheduler.TryAdd(younger);
        for (var step = 1; step < 100 && _scheduler.FillSlots(); step++) _scheduler.Step(10, step);
        Assert.Equal((50, 50, true, true), (elder.Made, younger.Made, elder.IsDone, younger.IsDone));
        Assert.Contains("vllm:num_preemptions_total{model_name=\"simulated\"} 1", _metrics.ToPrometheusText(), StringComparison.Ordinal);
        Assert.Contains("vllm:kv_cache_usage_perc{model_name=\"simulated\"} 0\n", _metrics.ToPrometheusText(), StringComparison.Ordinal);
    }

    public void Dispose() => _scheduler.Dispose();

    private void Use(EngineOptions options)
    {
        _scheduler.Dispose();
        _scheduler = new(options, _metrics, TimeProvider.System);
    }

    private void Run(Sequence sequence)
    {
        for (var step = 1; !sequence.IsDone; step++)
        {
            _scheduler.FillSlots();
            _scheduler.Step(100, step);
        }
    }

    private Sequence Add(int prompt, int output)
    {
        var sequence = New(prompt, output);
        Assert.True(_scheduler.TryAdd(sequence));
        return sequence;
    }

    private static Sequence New(int prompt, int output) => new(Prompt(prompt), output, i => (ulong)i, 0, CancellationToken.None);

    private static ulong[] Prompt(int tokens, ulong seed = 0) => [.. Enumerable.Range(0, tokens).Select(i => (ulong)i + 100 + seed)];
}
