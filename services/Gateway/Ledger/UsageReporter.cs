using System.Threading.Channels;
using Microsoft.Extensions.Options;
using TokenLedger.Client;
using TokenLedger.Contracts.Http;

namespace TokenLedger.Gateway.Ledger;

/// <summary>
/// Reports usage so that none is forgotten: at once, while the end of the answer waits, and where Metering does not answer in time from a bounded queue in the background,
/// again and again, which a stop drains within bounds. What cannot be kept is written to the log, whole.
/// </summary>
internal sealed class UsageReporter : BackgroundService
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromSeconds(10);
    private readonly Channel<(InferenceKey Key, Consumption Usage)> _later;
    private readonly ILedgerPort _port;
    private readonly GatewayOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger<UsageReporter> _log;

    public UsageReporter(ILedgerPort port, IOptions<GatewayOptions> options, TimeProvider clock, GatewayMeters meters, ILogger<UsageReporter> log)
    {
        (_port, _options, _clock, _log) = (port, options.Value, clock, log);
        _later = Channel.CreateBounded<(InferenceKey, Consumption)>(_options.ReportQueue);
        meters.Queue(() => _later.Reader.Count);
    }

    /// <summary>Returns when the usage is recorded, or is kept to be recorded soon.</summary>
    public async Task ReportAsync(InferenceKey key, Consumption usage)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(_options.ReportMs), _clock);
        if (!await TryAsync(key, usage, patience.Token) && !_later.Writer.TryWrite((key, usage))) Lose(usage, "the queue is full");
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (await _later.Reader.WaitToReadAsync(stoppingToken))
                while (_later.Reader.TryPeek(out var next))
                {
                    await RepeatAsync(next.Key, next.Usage, stoppingToken);
                    _later.Reader.TryRead(out _);
                }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            await DrainAsync();
        }
    }

    private async Task DrainAsync()
    {
        _later.Writer.TryComplete();
        using var over = new CancellationTokenSource(TimeSpan.FromMilliseconds(_options.DrainMs), _clock);
        while (_later.Reader.TryRead(out var next))
            try
            {
                await RepeatAsync(next.Key, next.Usage, over.Token);
            }
            catch (OperationCanceledException)
            {
                Lose(next.Usage, "the process stops");
            }
    }

    private async Task RepeatAsync(InferenceKey key, Consumption usage, CancellationToken ct)
    {
        for (var pause = s_pause; !await TryAsync(key, usage, ct); pause = TimeSpan.FromTicks(Math.Min(s_longestPause.Ticks, 2 * pause.Ticks)))
            await Task.Delay(pause, _clock, ct);
    }

    /// <summary>Reports once.</summary>
    /// <param name="key">Null when the gateway speaks for itself.</param>
    /// <returns>False when it is to be tried again.</returns>
    public async Task<bool> TryAsync(InferenceKey? key, Consumption usage, CancellationToken ct)
    {
        try
        {
            var answer = await _port.ReportAsync(key, usage, ct);
            // The id is the request's, which a gateway minted: only another gateway can have told its end, and each tells what the server said.
            if (answer is Refused<UsageResult> { Status: StatusCodes.Status409Conflict }) _log.LogWarning("Another gateway has told the end first: {Usage}", usage);
            else if (answer is Refused<UsageResult> { Status: >= 400 and < 500 and not 408 and not 429 } refused) Lose(usage, $"it was refused: {refused.Status} {refused.Reason}, {refused.Detail}");
            else if (answer is Refused<UsageResult>) return false;
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private void Lose(Consumption usage, string why) => _log.LogError("Usage is not recorded, because {Why}: {Usage}", why, usage);
}
