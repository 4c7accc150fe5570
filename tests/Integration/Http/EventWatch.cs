using TokenLedger.Contracts;
using TokenLedger.Ledger;
using TokenLedger.Tests.Integration.Hosting;

namespace TokenLedger.Tests.Integration.Http;

/// <summary>Reads the ledger, and waits for what has not come to it yet.</summary>
internal sealed class EventWatch(ILedger ledger)
{
    private static readonly TimeSpan s_glance = TimeSpan.FromMilliseconds(100);

    public Task<long> HeadAsync() => ledger.HeadAsync(Within.Patience());

    /// <summary>All events of a type, in order.</summary>
    public async Task<IReadOnlyList<(long Position, TEvent Data)>> AllAsync<TEvent>(Func<TEvent, bool> where, long after = 0) where TEvent : ILedgerEvent
    {
        List<(long, TEvent)> all = [];
        var head = await HeadAsync();
        // A page may end with what this process appended last, though others appended more.
        while (after < head)
        {
            var page = await ledger.ReadAllAsync(after, 10_000, [EventCatalogue.WireName<TEvent>()], stream: null, Within.Patience());
            all.AddRange(page.Events.Select(e => (e.Position, (TEvent)e.Data)).Where(e => where(e.Item2)));
            after = page.Through;
        }
        return all;
    }

    /// <summary>All events of a stream, in order.</summary>
    public async Task<IReadOnlyList<RecordedEvent>> StreamAsync(string stream)
    {
        List<RecordedEvent> all = [];
        var (after, head) = (0L, await HeadAsync());
        while (after < head)
        {
            var page = await ledger.ReadAllAsync(after, 10_000, types: null, stream, Within.Patience());
            all.AddRange(page.Events);
            after = page.Through;
        }
        return all;
    }

    /// <summary>The first event of a type that is as asked, as soon as it is there.</summary>
    public async Task<(long Position, TEvent Data)> FirstAsync<TEvent>(Func<TEvent, bool> where, long after = 0) where TEvent : ILedgerEvent
    {
        (long, TEvent)[] found = [];
        await UntilAsync(async () => (found = [.. await AllAsync(where, after)]).Length > 0);
        return found[0];
    }

    /// <summary>Looks again after every append until what is asked holds.</summary>
    public async Task UntilAsync(Func<Task<bool>> holds)
    {
        var patience = Within.Patience();
        using var signal = ledger.Subscribe();
        while (!await holds()) await ledger.WaitForAppendAsync(signal, s_glance, patience);
    }
}
