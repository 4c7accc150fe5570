using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using TokenLedger.Ledger;
using TokenLedger.Ledger.Sealing;

namespace TokenLedger.Hosting;

/// <summary>Seals what is appended, within a second and off the callers' path, and signs the head. It runs in every process; the database lets one seal at a time.</summary>
internal sealed class SealingLoop(ILedger ledger, NpgsqlDataSource database, IOptions<SealingOptions> options, RetryPace pace, ILogger<SealingLoop> logger) : BackgroundService
{
    // Also when checkpoints are to be rare: another process may have sealed what is the first to be signed.
    private static readonly TimeSpan s_longestLook = TimeSpan.FromSeconds(1);
    private readonly LedgerSealer _sealer = new(database);
    private readonly Outage _outage = new("Sealing the ledger", pace, logger);
    private LedgerKey? _key;
    private CheckpointSigner? _signer;
    private long? _lookedAt;

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.Value.KeyFile is { Length: > 0 } file)
        {
            _key = LedgerKeyFile.Open(file);
            _signer = new(database, _key, options.Value.Origin, options.Value.CheckpointInterval);
        }
        return base.StartAsync(cancellationToken);
    }

    public override void Dispose()
    {
        _key?.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var signal = ledger.Subscribe();
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                int events;
                do
                {
                    events = await _sealer.SealAsync(options.Value.BatchEvents, stoppingToken);
                    await SignAsync(stoppingToken);
                }
                while (events == options.Value.BatchEvents);
                _outage.Over();
                await ledger.WaitForAppendAsync(signal, options.Value.Patience, stoppingToken);
                // One round then covers many appends, and writes the tile they share once.
                await Task.Delay(options.Value.Gather, pace.Time, stoppingToken);
            }
            catch (Exception error)
            {
                if (stoppingToken.IsCancellationRequested) return;
                if (error is DamagedSealException) logger.LogError("The ledger's seal is damaged: {Reason} Run ./tokenledger verify.", error.Message);
                await _outage.PauseAsync(error, stoppingToken);
            }
        }
    }

    private async Task SignAsync(CancellationToken ct)
    {
        var pause = options.Value.CheckpointInterval < s_longestLook ? options.Value.CheckpointInterval : s_longestLook;
        if (_signer is null || (_lookedAt is { } looked && pace.Time.GetElapsedTime(looked) < pause)) return;
        _lookedAt = pace.Time.GetTimestamp();
        await _signer.SignAsync(pace.Time.GetUtcNow(), ct);
    }
}
