using TokenLedger.Ledger;

namespace TokenLedger.Tests;

/// <summary>Readers hear of an append when they can take it from memory, and in any case soon.</summary>
public sealed class RecentEventsOrderTests
{
    private readonly RecentEvents _recent = new(100);

    [Fact]
    public void An_append_that_is_ahead_of_another_of_this_process_is_told_with_it()
    {
        Assert.Equal(2, Append(1, 2));
        _recent.Begin();
        Assert.Equal(2, Append(5, 2));
        _recent.Add("a", new(3, 1), Facts.Capacities(2));
        Assert.Equal(6, _recent.End());
        Assert.Equal([1, 2, 3, 4, 5, 6], _recent.Read(0, 10, null, null)!.Events.Select(e => e.Position));
    }

    [Fact]
    public void What_another_process_has_appended_holds_nothing_up()
    {
        Assert.Equal(2, Append(1, 2));
        Assert.Equal(6, Append(5, 2));
        Assert.Null(_recent.Read(2, 10, null, null));
        Assert.Equal([5, 6], _recent.Read(4, 10, null, null)!.Events.Select(e => e.Position));
    }

    [Fact]
    public void Nor_does_it_while_appends_of_this_process_are_always_under_way()
    {
        Assert.Equal(1, Append(1, 1));
        _recent.Begin();
        var told = Enumerable.Range(3, 20).Select(position => Append(position, 1)).ToList();
        Assert.Equal(1, told[0]);
        Assert.Equal(22, told[^1]);
    }

    [Fact]
    public void One_that_failed_lets_the_others_pass()
    {
        Assert.Equal(1, Append(1, 1));
        _recent.Begin();
        Assert.Equal(1, Append(3, 1));
        Assert.Equal(3, _recent.End());
    }

    [Fact]
    public void What_can_only_follow_is_looked_for_where_others_may_have_recorded_it()
    {
        var (cause, follower) = (Facts.Capacities(1), Facts.Capacities(1));
        var causes = new Dictionary<Guid, Guid> { [follower[0].Id] = cause[0].Id };
        Append(1, 1);
        Assert.Equal([follower[0].Id], Others());
        _recent.Begin();
        _recent.Add("a", new(2, 2), cause);
        _recent.End();
        Assert.Empty(Others());
        // Another process has appended at 3: the cause is still kept, and what came behind it is not.
        Append(4, 1);
        Assert.Equal([follower[0].Id], Others());

        List<Guid> Others()
        {
            Assert.DoesNotContain(_recent.Find([follower[0].Id], causes, out var others), e => e.Id == follower[0].Id);
            return others;
        }
    }

    private long Append(long position, int events)
    {
        _recent.Begin();
        _recent.Add("a", new(position, position), Facts.Capacities(events));
        return _recent.End();
    }
}
