using MassTransit;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using TokenLedger.Contracts;
using TokenLedger.Ledger;

namespace TokenLedger.Hosting;

/// <summary>The events a service writes, and so publishes.</summary>
internal sealed record PublisherRegistration(string Service, IReadOnlyList<Type> Types);

/// <summary>
/// Publishes what the ledger holds and nothing else: tails it from a checkpoint, sends the new events of its service, moves the checkpoint when the broker has them.
/// At least once: a round that fails half-way is sent again as a whole, from the same place.
/// </summary>
internal sealed class LedgerPublisher(
    PublisherRegistration registration, ILedger ledger, IBus bus, IEnumerable<LedgerFollower> followers, IOptions<BusOptions> options, RetryPace pace, LedgerMeters meters, ILogger<LedgerPublisher> logger)
    : BackgroundService
{
    private readonly string _checkpoint = $"publisher-{registration.Service}";
    private readonly Dictionary<string, EventTopic> _topics = registration.Types
        .Where(type => !string.IsNullOrEmpty(options.Value.RabbitMq) || options.Value.PublishUnheard || followers.Any(follower => follower.Types is [var only] && only == type))
        .ToDictionary(type => EventCatalogue.Of(type).WireName, EventTopic.Of);
    private readonly Dictionary<string, long> _ends = [];
    private readonly Outage _outage = new($"The publisher of {registration.Service}", pace, logger);
    private long? _position;
    private long _saved;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (_topics.Count == 0) return;
        using var signal = ledger.Subscribe();
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await PublishNewAsync(stoppingToken);
                _outage.Over();
                // What it has seen already needs no look; the passing of time does.
                while (await ledger.WaitForAppendAsync(signal, options.Value.PublisherPatience, stoppingToken) && signal.Appended <= _position) { }
                // One round then covers many appends, and so does what each follower makes of it.
                await Task.Delay(options.Value.Gather, pace.Time, stoppingToken);
            }
            catch (Exception error)
            {
                if (stoppingToken.IsCancellationRequested) return;
                await _outage.PauseAsync(error, stoppingToken);
            }
        }
    }

    private async Task PublishNewAsync(CancellationToken ct)
    {
        await foreach (var round in ledger.PagesAsync(_position ?? await LoadAsync(ct), options.Value.RoundEvents, _topics.Keys, ct))
        {
            await PublishRoundAsync(round, ct);
            _outage.Over();
        }
    }

    private async Task PublishRoundAsync(LedgerPage round, CancellationToken ct)
    {
        // Sent one behind the other without a wait between them; the broker confirms them as they come.
        await Task.WhenAll([.. round.Events.GroupBy(e => e.Type).SelectMany(ofType => Messages(ofType.Key, [.. ofType], round.Through, ct))]);
        // Only when the whole round is out: a repeated round must begin where the last whole one ended.
        foreach (var type in round.Events.Select(e => e.Type).Distinct()) _ends[type] = round.Through;
        await SaveAsync(round, ct);
        _position = round.Through;
        meters.SawHead(round.Through);
    }

    private IEnumerable<Task> Messages(string wireName, IReadOnlyList<RecordedEvent> events, long through, CancellationToken ct)
    {
        long? previous = _ends.TryGetValue(wireName, out var end) ? end : null;
        foreach (var batch in RecordedBatch.Split(events, previous, through, options.Value.BatchEvents)) yield return PublishAsync(wireName, batch, ct);
    }

    private async Task PublishAsync(string wireName, RecordedBatch batch, CancellationToken ct)
    {
        await ConfirmAsync(_topics[wireName], batch, ct);
        meters.Published(wireName, batch.Events.Count);
    }

    // A send waits for ever while there is no broker; the time limit makes that an outage, which is logged and seen.
    private async Task ConfirmAsync(EventTopic topic, RecordedBatch batch, CancellationToken ct)
    {
        using var late = new CancellationTokenSource(options.Value.ConfirmTimeout, pace.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, late.Token);
        try
        {
            await topic.PublishAsync(bus, batch, either.Token).WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested && !ct.IsCancellationRequested)
        {
            throw new TimeoutException($"The bus has not confirmed a message within {options.Value.ConfirmTimeout.TotalSeconds} s.");
        }
    }

    private async Task<long> LoadAsync(CancellationToken ct) => _saved = await ledger.LoadCheckpointAsync(_checkpoint, ct);

    private async Task SaveAsync(LedgerPage page, CancellationToken ct)
    {
        // Other services' events are no reason to write, until so many have passed that a restart would read long.
        if (page.Events.Count == 0 && page.Through - _saved < options.Value.RoundEvents) return;
        await ledger.SaveCheckpointAsync(_checkpoint, page.Through, ct);
        _saved = page.Through;
    }
}
