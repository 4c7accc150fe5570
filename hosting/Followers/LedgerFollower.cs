using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using TokenLedger.Contracts;
using TokenLedger.Ledger;

namespace TokenLedger.Hosting;

/// <summary>
/// Reads certain events in order of position for ever. The bus only makes it quick: a batch that follows on from where it stands is taken as it comes, one it has seen is
/// dropped, and anything else, like the passing of time, makes it read the ledger. Nothing that happens to the bus can make it skip or repeat an event.
/// </summary>
public sealed class LedgerFollower : BackgroundService
{
    private readonly ILedger _ledger;
    private readonly ILedgerHandler _handler;
    private readonly FollowerOptions _options;
    private readonly TimeProvider _time;
    private readonly LedgerMeters _meters;
    private readonly Outage _outage;
    private readonly string[] _wireNames;
    private readonly Channel<RecordedBatch?> _mailbox;
    private readonly FollowerPosition _position = new();
    private volatile bool _overflowed;
    private bool _loaded;
    private bool _started;
    private long _lastProgress;

    internal LedgerFollower(
        string name, IReadOnlyList<Type> types, ILedgerHandler handler, ILedger ledger, IOptions<FollowerOptions> options, RetryPace pace, LedgerMeters meters, ILogger<LedgerFollower> logger)
    {
        (Name, Types, _handler, _ledger, _options, _time, _meters) = (name, types, handler, ledger, options.Value, pace.Time, meters);
        _wireNames = [.. types.Select(type => EventCatalogue.Of(type).WireName)];
        _outage = new($"The follower {name}", pace, logger);
        _mailbox = Channel.CreateBounded<RecordedBatch?>(new BoundedChannelOptions(_options.MailboxBatches) { SingleReader = true });
        _lastProgress = _time.GetTimestamp();
        meters.Track(name, () => Position);
    }

    public string Name { get; }

    /// <summary>Every event of the followed types up to here has been handled.</summary>
    public long Position => _position.Value;

    /// <summary>Time since it last moved, or found that there was nothing to move for.</summary>
    public TimeSpan Standing => _time.GetElapsedTime(Volatile.Read(ref _lastProgress));

    /// <summary>What kind of failure it is trying to get over; null when none.</summary>
    public string? Failure => _outage.Reason;

    internal IReadOnlyList<Type> Types { get; }

    /// <summary>Returns when it has handled everything up to a position. The token bounds the wait.</summary>
    public Task WaitForAsync(long position, CancellationToken ct) => _position.WaitForAsync(position, ct);

    /// <summary>Takes a batch from the bus, or, when the mailbox is full, the hint to read the ledger instead.</summary>
    internal void Offer(RecordedBatch batch)
    {
        if (_mailbox.Writer.TryWrite(batch)) return;
        // Written down before the mailbox is tried again: either this call finds room for a look, or whoever empties the mailbox finds the note.
        _overflowed = true;
        LookForYourself();
    }

    /// <summary>As <see cref="Offer"/>, but waits a while for room, so that a burst queues up at the broker and nothing of it has to be read again.</summary>
    internal async Task OfferAsync(RecordedBatch batch, CancellationToken ct)
    {
        if (batch.Through <= Position) return;
        using var late = new CancellationTokenSource(_options.MailboxPatience, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, late.Token);
        try
        {
            await _mailbox.Writer.WriteAsync(batch, either.Token);
        }
        catch (OperationCanceledException)
        {
            Offer(batch);
        }
    }

    // One of several types cannot take over what the bus brings; what this process appends is told it at once.
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Types.Count > 1 ? Task.WhenAll(FollowAsync(stoppingToken), ListenAsync(stoppingToken)) : FollowAsync(stoppingToken);

    private async Task FollowAsync(CancellationToken stoppingToken)
    {
        await using var clock = _time.CreateTimer(_ => LookForYourself(), null, TimeSpan.Zero, _options.CatchUpInterval);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await StepAsync(await _mailbox.Reader.ReadAsync(stoppingToken), stoppingToken);
                if (_overflowed && _mailbox.Reader.Count == 0) await RecoverAsync(stoppingToken);
                _outage.Over();
                Volatile.Write(ref _lastProgress, _time.GetTimestamp());
            }
            catch (Exception error)
            {
                if (stoppingToken.IsCancellationRequested) return;
                // What was committed is uncertain now, so where it stands is asked for again.
                _loaded = false;
                await _outage.PauseAsync(error, stoppingToken);
                LookForYourself();
            }
        }
    }

    private async Task ListenAsync(CancellationToken ct)
    {
        using var signal = _ledger.Subscribe();
        while (!ct.IsCancellationRequested)
        {
            await _ledger.WaitForAppendAsync(signal, Timeout.InfiniteTimeSpan, ct);
            if (signal.Appended > Position) LookForYourself();
        }
    }

    // While batches wait to be read there is no need to look for more.
    private void LookForYourself()
    {
        if (_mailbox.Reader.Count == 0) _mailbox.Writer.TryWrite(null);
    }

    private async Task StepAsync(RecordedBatch? batch, CancellationToken ct)
    {
        if (!_loaded) await LoadAsync(ct);
        if (batch is null) await CatchUpAsync(ct);
        else if (batch.Through <= Position) return;
        else if (FollowsOn(batch, Position)) await TakeAsync(Gather(batch, out var through), through, ct);
        else await CatchUpAsync(ct);
    }

    private Task RecoverAsync(CancellationToken ct)
    {
        _overflowed = false;
        return CatchUpAsync(ct);
    }

    // A batch of one of several types says nothing about what the others did meanwhile.
    private bool FollowsOn(RecordedBatch batch, long position) => _wireNames.Length == 1 && batch.Previous <= position;

    /// <summary>The batch and those that wait behind it and follow on, up to a page: a handler that commits does so once for all of them.</summary>
    private List<RecordedEvent> Gather(RecordedBatch batch, out long through)
    {
        List<RecordedEvent> events = [.. batch.Events.Where(e => e.Position > Position)];
        through = batch.Through;
        while (_mailbox.Reader.TryPeek(out var next) && next is not null && FollowsOn(next, through) && events.Count + next.Events.Count <= _options.CatchUpPage && _mailbox.Reader.TryRead(out _))
        {
            foreach (var e in next.Events)
                if (e.Position > through) events.Add(e);
            through = Math.Max(through, next.Through);
        }
        return events;
    }

    private async Task LoadAsync(CancellationToken ct)
    {
        _position.MoveTo(await _handler.Checkpoint.LoadAsync(_ledger, Name, _started ? Position : null, ct));
        _loaded = _started = true;
    }

    private async Task CatchUpAsync(CancellationToken ct)
    {
        await foreach (var page in _ledger.PagesAsync(Position, _options.CatchUpPage, _wireNames, ct))
        {
            _meters.SawHead(page.Through);
            if (page.Through > Position) await TakeAsync(page.Events, page.Through, ct);
            if (BusHasIt()) return;
        }
    }

    /// <summary>True when the next batch in the mailbox follows on from here: what it brings need not be read. Those behind it are thrown away.</summary>
    private bool BusHasIt()
    {
        while (_mailbox.Reader.TryPeek(out var next) && next is not null)
        {
            if (next.Through > Position) return FollowsOn(next, Position);
            _mailbox.Reader.TryRead(out _);
        }
        return false;
    }

    private async Task TakeAsync(IReadOnlyList<RecordedEvent> events, long through, CancellationToken ct)
    {
        await _handler.HandleAsync(events, through, ct);
        await _handler.Checkpoint.SaveAsync(_ledger, Name, through, ct);
        _position.MoveTo(through);
        _meters.Handled(Name, events.Count);
        Volatile.Write(ref _lastProgress, _time.GetTimestamp());
    }
}
