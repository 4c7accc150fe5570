using TokenLedger.Cli;
using TokenLedger.Cli.Traces;

namespace TokenLedger.Tests.Unit.Cli;

public sealed class PlayPlanTests
{
    [Fact]
    public void Gives_a_row_the_same_id_for_ever() =>
        Assert.Equal("ced4909f-f862-8db4-bbb8-4ed27af76604", PlayPlan.IdOf("seed", "azure.csv", 1).ToString());

    [Fact]
    public void Gives_every_seed_file_and_row_an_id_of_its_own()
    {
        string[] seeds = ["a", "ab", "1"], files = ["b", "", "1"];
        int[] rows = [1, 11, 2];
        var ids = from seed in seeds from file in files from row in rows select PlayPlan.IdOf(seed, file, row);
        Assert.Equal(27, ids.Distinct().Count());
        Assert.All(ids, id => Assert.Equal(8, id.Value.Version));
    }

    [Fact]
    public void Merges_files_in_order_of_time_with_the_first_at_zero()
    {
        var plan = PlayPlan.Of([Csv("a b.csv", 20, 5), Csv("b.csv", 7, 30)], "s", null);
        Assert.Equal([0, 2, 15, 25], plan.Select(request => request.Arrival.TotalSeconds));
        Assert.Equal("tokenledger-trace/a%20b.csv", plan[0].Source);
        Assert.Equal(PlayPlan.IdOf("s", "a b.csv", 2), plan[0].Id);
    }

    [Fact]
    public void Takes_the_first_in_time_when_limited() =>
        Assert.Equal([0, 2], PlayPlan.Of([Csv("a", 20, 5), Csv("b", 7, 30)], "s", 2).Select(request => request.Arrival.TotalSeconds));

    [Fact]
    public void Refuses_two_files_of_one_name() =>
        Assert.Equal("Two files are called a; each must have a name of its own.", Assert.Throws<CommandFailure>(() => PlayPlan.Of([Csv("a", 1), Csv("a", 2)], "s", null)).Message);

    [Fact]
    public void Refuses_to_merge_clocks_that_have_nothing_in_common() =>
        Assert.Throws<CommandFailure>(() => PlayPlan.Of([Csv("a", 1), Csv("b", 2) with { Format = TraceFormat.JsonLines }], "s", null));

    private static TraceFile Csv(string name, params int[] seconds) =>
        new(TraceFormat.Csv, [.. seconds.Select((second, i) => new TraceRow(name, i + 1, TimeSpan.FromSeconds(second), 1, 1))]);
}
