using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using TokenLedger.Ledger;

namespace TokenLedger.Hosting.Access;

/// <summary>
/// Keeps the directory up to the ledger: at start before anything is served, then after every append of this process, at least four times a second,
/// and when a caller brings a key that is not known yet, since another process may just have issued it.
/// </summary>
public sealed class DirectoryFollower(ILedger ledger, LedgerDirectory directory, TimeProvider clock, ILogger<DirectoryFollower> log) : BackgroundService
{
    private const int PageSize = 1_000;
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(250);

    /// <summary>Unknown keys cost at most this often a look at the ledger, however many callers bring them.</summary>
    private static readonly TimeSpan s_refreshSpacing = TimeSpan.FromMilliseconds(20);
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly Lock _gate = new();
    private Task? _pending;
    private long _lastStarted;

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await CatchUpAsync(await ledger.HeadAsync(cancellationToken), cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    /// <summary>Looks a key up; one that is not known is looked for in the ledger before the answer is no.</summary>
    public async ValueTask<Caller?> FindCallerAsync(string keyHash, CancellationToken ct)
    {
        if (directory.FindCaller(keyHash) is { } known) return known;
        await RefreshAsync(ct);
        return directory.FindCaller(keyHash);
    }

    /// <summary>Completes when the directory has seen everything that was in the ledger at the time of the call. Callers share one look.</summary>
    public Task RefreshAsync(CancellationToken ct)
    {
        Task refresh;
        lock (_gate) refresh = _pending ??= RefreshSoonAsync();
        return refresh.WaitAsync(ct);
    }

    private async Task RefreshSoonAsync()
    {
        await Task.Yield();
        var wait = s_refreshSpacing - clock.GetElapsedTime(Volatile.Read(ref _lastStarted));
        if (wait > TimeSpan.Zero) await Task.Delay(wait, clock);
        lock (_gate) _pending = null; // Whoever comes from here on needs a look that starts later than this one.
        Volatile.Write(ref _lastStarted, clock.GetTimestamp());
        await CatchUpAsync(await ledger.HeadAsync(CancellationToken.None), CancellationToken.None);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var signal = ledger.Subscribe();
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (await ledger.WaitForAppendAsync(signal, s_patience, stoppingToken) && signal.Appended <= directory.Position) continue;
                await CatchUpAsync(0, stoppingToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                log.LogWarning("The directory stands at position {Position} until the ledger answers: {Reason}", directory.Position, e.Message);
                await Task.Delay(s_patience * 4, clock, stoppingToken);
            }
        }
    }

    /// <param name="atLeast">A page may end at what this process appended last: what others have appended since is behind it.</param>
    private async Task CatchUpAsync(long atLeast, CancellationToken ct)
    {
        await _turn.WaitAsync(ct);
        try
        {
            LedgerPage page;
            do
            {
                page = await ledger.ReadAllAsync(directory.Position, PageSize, LedgerDirectory.Types, stream: null, ct);
                foreach (var recorded in page.Events) directory.Evolve(recorded.Data);
                directory.Position = page.Through;
            } while (page.Events.Count == PageSize || directory.Position < atLeast);
        }
        finally
        {
            _turn.Release();
        }
    }
}
