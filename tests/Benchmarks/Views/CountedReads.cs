using System.Reflection;
using TokenLedger.Ledger;

namespace TokenLedger.Benchmarks.Views;

/// <summary>A ledger that counts the events its readers take from it page by page, whatever else it can do. It tells what came over the bus from what was read again.</summary>
#pragma warning disable CA1852 // The proxy is a class derived at run time.
internal class CountedReads : DispatchProxy
#pragma warning restore CA1852
{
    private ILedger _ledger = null!;
    private long _events;

    public long Events => Volatile.Read(ref _events);

    public static ILedger Of(ILedger ledger)
    {
        var counting = Create<ILedger, CountedReads>();
        ((CountedReads)(object)counting)._ledger = ledger;
        return counting;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        var answer = targetMethod!.Invoke(_ledger, BindingFlags.DoNotWrapExceptions, null, args, null);
        return targetMethod.Name == nameof(ILedger.ReadAllAsync) ? CountAsync((Task<LedgerPage>)answer!) : answer;
    }

    private async Task<LedgerPage> CountAsync(Task<LedgerPage> reading)
    {
        var page = await reading;
        Interlocked.Add(ref _events, page.Events.Count);
        return page;
    }
}
