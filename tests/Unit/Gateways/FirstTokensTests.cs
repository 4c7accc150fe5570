using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using TokenLedger.Gateway;
using TokenLedger.Gateway.Ledger;

namespace TokenLedger.Tests.Unit.Gateways;

public sealed class FirstTokensTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task Words_that_come_within_the_time_are_told_together()
    {
        var clock = new Alarm();
        var words = new FirstTokens(Options.Create(new GatewayOptions { FirstTokenMs = 25 }), clock);
        var told = new BlockingCollection<int>();
        void Add(int word) => words.Add(() => { told.Add(word); return Task.CompletedTask; });

        Add(1);
        Add(2);
        Assert.Empty(told);
        await Task.Run(clock.Ring, TestContext.Current.CancellationToken);
        Assert.Equal((1, 2), (Next(), Next()));
        Assert.Equal([TimeSpan.FromMilliseconds(25)], clock.Waits);

        Add(3);
        await Task.Run(clock.Ring, TestContext.Current.CancellationToken);
        Assert.Equal(3, Next());
        Assert.Equal(2, clock.Waits.Count);

        int Next() => told.TryTake(out var word, (int)s_patience.TotalMilliseconds, TestContext.Current.CancellationToken) ? word : 0;
    }

    /// <summary>Its timers ring when the test says so.</summary>
    private sealed class Alarm : TimeProvider
    {
        private Action _ring = () => { };

        public List<TimeSpan> Waits { get; } = [];

        public void Ring() => _ring();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Waits.Add(dueTime);
            _ring = () => callback(state);
            return base.CreateTimer(_ => { }, null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }
}
