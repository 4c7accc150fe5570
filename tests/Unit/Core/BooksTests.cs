using TokenLedger.Contracts;
using TokenLedger.Core.Pools;
using TokenLedger.Core.Replay;

namespace TokenLedger.Tests.Unit.Core;

/// <summary>Closed books hold all that a decision can depend on.</summary>
public sealed class BooksTests
{
    [Fact]
    public void A_pool_opened_from_its_books_is_the_pool_that_followed_its_stream() => PoolProperties.Holds(steps =>
    {
        var run = PoolProperties.Live(new PoolRun(), [.. steps, new Step(new Sweep(), 0), new Step(new CloseBooks(), 0)]);
        if (run.History[^1].Data is not BooksCarriedForward) return; // A sweep that had more to do than one sweep does comes first.
        var stored = EventCatalogue.Deserialize("books-carried-forward.v1", EventCatalogue.Serialize(run.History[^1].Data));
        var opened = new PoolState(PoolScenario.Pool);
        PoolEvolution.Evolve(opened, stored, run.Now);
        Assert.Equal(PoolRun.Fingerprint(run.State, run.Now), PoolRun.Fingerprint(opened, run.Now));
        var later = run.Now.AddSeconds(30);
        Assert.Equal(PoolRun.Fingerprint(run.State, later), PoolRun.Fingerprint(opened, later));
    });

    [Fact]
    public void Closing_the_books_changes_nothing_and_replays() => PoolProperties.Holds(steps =>
    {
        var plain = PoolProperties.Live(new PoolRun(), steps);
        var closed = PoolProperties.Live(new PoolRun(), [.. steps.SelectMany(step => (Step[])[step, new(new CloseBooks(), 0)])]);
        Assert.Equal(Decided(plain), Decided(closed));
        var verifier = new ReplayVerifier(PoolScenario.Pool);
        Assert.All(closed.History, recorded => Assert.Null(verifier.Take(recorded)));
        Assert.Null(verifier.Complete());
    });

    // Reports are numbered by the events before them, so positions differ and are left out.
    private static IEnumerable<string> Decided(PoolRun run) => run.History.Where(e => e.Data is not BooksCarriedForward)
        .Select(e => e.Data is LimitsApplied applied ? $"{applied.Replicas} {string.Join(',', applied.Limits)}" : PoolScenario.Text(e.Data));
}
