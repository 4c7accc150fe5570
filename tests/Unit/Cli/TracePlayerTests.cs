using TokenLedger.Cli;
using TokenLedger.Cli.Traces;

namespace TokenLedger.Tests.Unit.Cli;

/// <summary>The player against a server that keeps its promises and a network that does not.</summary>
public sealed class TracePlayerTests
{
    private static readonly CancellationToken s_ct = TestContext.Current.CancellationToken;
    private readonly ImpatientTime _time = new();

    [Fact]
    public async Task Counts_everything_exactly_once_over_a_network_that_loses_calls_and_answers()
    {
        for (var seed = 1; seed <= 20; seed++)
        {
            var random = new Random(seed);
            using var ledger = new FakeLedger { FateOf = _ => FateBy(random) };
            var (tally, summary) = await PlayAsync(ledger, Plan(100), Options(retryFor: TimeSpan.FromHours(10)));
            Assert.True(summary.IsComplete);
            Assert.Equal(100, summary.Served);
            Assert.Equal(100, ledger.Usage.Count);
            Assert.Equal(ledger.Usage.Sum(usage => usage.InputTokens), summary.InputTokens);
            Assert.Equal(ledger.Usage.Sum(usage => usage.OutputTokens), summary.OutputTokens);
            Assert.True(tally.Retries > 0);
        }
    }

    [Fact]
    public async Task Counts_a_refusal_by_its_reason_and_does_not_ask_again()
    {
        using var ledger = new FakeLedger { Rule = admission => admission.InputTokens % 2 == 0 ? (429, "tokens-exceeded") : (503, "pool-exhausted") };
        var (_, summary) = await PlayAsync(ledger, Plan(10), Options());
        Assert.Equal(new Dictionary<string, long> { ["pool-exhausted"] = 5, ["tokens-exceeded"] = 5 }, summary.RefusedByReason);
        Assert.Equal(10, ledger.Calls);
        Assert.True(summary.IsComplete);
    }

    [Fact]
    public async Task Retries_a_refusal_that_no_rule_made()
    {
        using var ledger = new FakeLedger { FateOf = call => call < 4 ? Fate.Unavailable : Fate.Answered };
        var (_, summary) = await PlayAsync(ledger, Plan(1), Options());
        Assert.Equal((1, 3), (summary.Served, summary.Retries));
        Assert.Equal(5, ledger.Calls);
    }

    [Fact]
    public async Task Counts_a_conflict_as_an_error_and_says_so()
    {
        using var ledger = new FakeLedger { Rule = _ => (409, "request-id-reused") };
        var (tally, summary) = await PlayAsync(ledger, Plan(3), Options());
        Assert.Equal(3, summary.ErrorsByKind["admission: 409 request-id-reused"]);
        Assert.False(summary.IsComplete);
        Assert.Equal(3, ledger.Calls);
        Assert.Equal("admission: Refused (409, request-id-reused)", Assert.Single(tally.ErrorMessages));
    }

    [Fact]
    public async Task Gives_up_when_nobody_answers_for_the_time_of_retries()
    {
        using var ledger = new FakeLedger { FateOf = _ => Fate.NeverArrives };
        var (_, summary) = await PlayAsync(ledger, Plan(1), Options(retryFor: TimeSpan.FromSeconds(60)));
        Assert.Equal(1, summary.ErrorsByKind["admission: no answer"]);
        Assert.InRange(_time.Elapsed, TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(62));
        Assert.False(summary.IsComplete);
    }

    [Fact]
    public async Task Resumes_with_the_same_seed_without_counting_anything_twice()
    {
        using var ledger = new FakeLedger();
        await PlayAsync(ledger, Plan(50)[..20], Options());
        var (_, summary) = await PlayAsync(ledger, Plan(50), Options());
        Assert.Equal((50, 20, 20), (summary.Served, summary.AlreadyAdmitted, summary.DuplicateUsage));
        Assert.Equal(50, ledger.Usage.Count);
    }

    [Fact]
    public async Task Reports_usage_in_batches_no_larger_than_asked_for()
    {
        using var ledger = new FakeLedger();
        var (_, summary) = await PlayAsync(ledger, Plan(200), Options() with { UsageBatch = 16 });
        Assert.Equal((200, 200), (summary.Served, ledger.Usage.Count));
        Assert.Equal(200, ledger.BatchSizes.Sum());
        Assert.All(ledger.BatchSizes, size => Assert.InRange(size, 1, 16));
    }

    [Fact]
    public async Task Keeps_the_spacing_of_arrivals_divided_by_the_speed()
    {
        using var ledger = new FakeLedger();
        int[] seconds = [0, 10, 60];
        PlannedRequest[] plan = [.. seconds.Select((second, i) =>
            new PlannedRequest(PlayPlan.IdOf("s", "f", i), "trace/f", TimeSpan.FromSeconds(second), 0, 0))];
        await PlayAsync(ledger, plan, Options() with { Speed = 4 });
        Assert.Equal(TimeSpan.FromSeconds(15), _time.Elapsed);
    }

    [Fact]
    public void Holds_a_request_for_its_prefill_and_decode_time_divided_by_the_speed()
    {
        var request = new PlannedRequest(PlayPlan.IdOf("s", "f", 1), "trace/f", default, 2000, 100);
        var options = Options() with { PrefillTokensPerSecond = 1000, DecodeTokensPerSecond = 50, Speed = 2 };
        Assert.Equal(TimeSpan.FromSeconds(2), options.HoldOf(request));
        Assert.Equal(TimeSpan.Zero, (options with { Speed = null }).HoldOf(request));
    }

    [Fact]
    public async Task Names_the_output_of_the_row_as_the_limit_unless_another_is_given()
    {
        using var ledger = new FakeLedger();
        PlannedRequest[] plan = [Plan(1)[0] with { OutputTokens = 0 }];
        await PlayAsync(ledger, plan, Options());
        await PlayAsync(ledger, plan, Options() with { MaxOutputTokens = 77 });
        Assert.Equal([1, 77], ledger.Admissions.Select(admission => admission.MaxOutputTokens));
    }

    [Fact]
    public async Task Refuses_a_key_of_another_pool()
    {
        using var ledger = new FakeLedger();
        var failure = await Assert.ThrowsAsync<CommandFailure>(() => PlayAsync(ledger, Plan(5), Options() with { Pool = new("other"), UsageBatch = 4 }));
        Assert.Equal(("The key belongs to pool p, not to other.", 2), (failure.Message, failure.ExitCode));
    }

    private static Fate FateBy(Random random)
    {
        lock (random) return random.NextDouble() < 0.5 ? Fate.Answered : (Fate)random.Next(Enum.GetValues<Fate>().Length);
    }

    private static PlayOptions Options(TimeSpan? retryFor = null) => new(FakeLedger.Pool, null, 4, retryFor ?? TimeSpan.FromSeconds(60), null, 1, 1, 1);

    private static PlannedRequest[] Plan(int count) => [.. Enumerable.Range(1, count).Select(row =>
        new PlannedRequest(PlayPlan.IdOf("seed", "file", row), "trace/file", default, row, row * 2))];

    private async Task<(PlayTally Tally, PlaySummary Summary)> PlayAsync(FakeLedger ledger, PlannedRequest[] plan, PlayOptions options)
    {
        using var http = new HttpClient(ledger, disposeHandler: false) { BaseAddress = new("http://ledger/") };
        var tally = new PlayTally(plan.Length);
        var sender = new RetryingSender(http, options.RetryFor, _time, new Random(1), tally);
        var finished = await new TracePlayer(new GatewayCalls(sender, sender, options, tally), options, _time, tally).PlayAsync(plan, s_ct);
        return (tally, PlaySummary.Of(tally, "seed", ["file"], options.Pool.Value, finished, TimeSpan.FromSeconds(1)));
    }
}
