using Npgsql;
using TokenLedger.Ledger;
using TokenLedger.Ledger.Sealing;

namespace TokenLedger.Benchmarks;

/// <summary>Seals a ledger while it is written to, at the pace of the services' own loop.</summary>
internal sealed class BackgroundSealer : IAsyncDisposable
{
    private const int BatchEvents = 65_536;
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan s_gather = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan s_glance = TimeSpan.FromMilliseconds(2);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loop;
    private long _sealed;

    public BackgroundSealer(NpgsqlDataSource database, ILedger ledger) => _loop = Task.Run(() => RunAsync(new(database), ledger, _stop.Token));

    /// <summary>Returns when everything up to a position is sealed.</summary>
    public async Task WaitForAsync(long position, CancellationToken ct)
    {
        while (Volatile.Read(ref _sealed) < position)
        {
            if (_loop.IsCompleted) await _loop;
            await Task.Delay(s_glance, ct);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task RunAsync(LedgerSealer sealer, ILedger ledger, CancellationToken ct)
    {
        using var signal = ledger.Subscribe();
        while (true)
        {
            int events;
            do Interlocked.Add(ref _sealed, events = await sealer.SealAsync(BatchEvents, ct));
            while (events == BatchEvents);
            await ledger.WaitForAppendAsync(signal, s_patience, ct);
            await Task.Delay(s_gather, ct);
        }
    }
}
