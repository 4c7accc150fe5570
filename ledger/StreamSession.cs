using Microsoft.Extensions.Logging;
using TokenLedger.Contracts;

namespace TokenLedger.Ledger;

/// <summary>A model with the place in its stream where it stands: rebuilds it when that is not known, decides batches on it and appends them.</summary>
internal sealed class StreamSession<TCommand, TAnswer>(ILedger ledger, IStreamModel<TCommand, TAnswer> model, TimeProvider clock, StreamWriterOptions options, ILogger log)
{
    private const long MuchToRead = 128 << 20;
    // Version and time of the stream's last event as the model knows it. Null: the model may be ahead of the stream or behind it and must be rebuilt.
    private (long Version, DateTimeOffset Time)? _place;

    /// <summary>When a batch is due even if no command comes; null for never.</summary>
    public DateTimeOffset? DueAt { get; private set; }

    /// <summary>Decides and appends a batch. Whatever happens, every command is then answered or among those returned, which belong into the next batch.</summary>
    public async Task<List<QueuedCommand<TCommand, TAnswer>>> WriteAsync(List<QueuedCommand<TCommand, TAnswer>> batch, CancellationToken ct)
    {
        for (var attempt = 1; ; attempt++)
            try
            {
                var appended = await TryWriteAsync(batch, ct);
                return Answer(batch, appended);
            }
            catch (Exception e) when (e is VersionConflictException or DuplicateEventException && attempt < options.MaxAttempts)
            {
                log.LogInformation(e, "Another writer came first on {Stream}, attempt {Attempt}: deciding again", model.Stream, attempt);
                _place = null;
            }
            catch (UnrecordableEventException e) when (batch.Find(queued => queued.Caused(e.Index)) is { } culprit)
            {
                // Only who brought it may suffer for it. The batch is one shorter, so this ends.
                culprit.Fail(e);
                batch.Remove(culprit);
                _place = null;
            }
            catch (Exception e)
            {
                log.LogError(e, "A batch of {Commands} commands for {Stream} failed", batch.Count, model.Stream);
                _place = null;
                foreach (var queued in batch) queued.Fail(e);
                return [];
            }
    }

    private async Task<Appended> TryWriteAsync(List<QueuedCommand<TCommand, TAnswer>> batch, CancellationToken ct)
    {
        DueAt = null; // After a failure it comes back with the next command, not at once and for ever.
        batch.RemoveAll(queued => queued.IsAnswered);
        var place = _place ?? await LoadAsync(ct);
        await ReachAsync(async () => { await model.PrepareAsync([.. batch.Select(queued => queued.Command)], ct); return true; });
        // Until the append is known to have succeeded, the model is ahead of the stream.
        _place = null;
        var now = Later(clock.GetUtcNow().ToLedgerTime(), place.Time);
        var events = Decide(batch, now);
        var appended = events.Count == 0 ? default : await ReachAsync(() => ledger.AppendAsync(model.Stream, place.Version, events, ct));
        if (events.Count > 0) model.Recorded(events, appended);
        DueAt = model.FollowsAt(now);
        _place = (place.Version + events.Count, events.Aggregate(place.Time, (last, recorded) => Later(last, recorded.Timestamp)));
        return appended;
    }

    private List<NewEvent> Decide(List<QueuedCommand<TCommand, TAnswer>> batch, DateTimeOffset now)
    {
        List<NewEvent> events = [];
        Follow();
        foreach (var queued in batch)
        {
            if (!TryDecide(queued, now, out var decided)) continue;
            queued.Keep(decided, events.Count);
            Take(decided.Events);
            Follow();
        }
        Take(model.EndBatch(now));
        return events;

        void Follow()
        {
            while (model.Follow(now) is { Count: > 0 } more) Take(more);
        }

        // The next decision sees what this one did.
        void Take(IReadOnlyList<NewEvent> decided)
        {
            foreach (var recorded in decided) model.Evolve(recorded.Data, recorded.Timestamp);
            events.AddRange(decided);
        }
    }

    private bool TryDecide(QueuedCommand<TCommand, TAnswer> queued, DateTimeOffset now, out Decided<TAnswer> decided)
    {
        try
        {
            decided = model.Decide(queued.Command, now);
            return true;
        }
        catch (Exception e)
        {
            // Deciding does not change the model, so the others are not concerned.
            log.LogError(e, "A decision on {Stream} failed", model.Stream);
            queued.Fail(e);
            decided = default;
            return false;
        }
    }

    private List<QueuedCommand<TCommand, TAnswer>> Answer(List<QueuedCommand<TCommand, TAnswer>> batch, Appended appended)
    {
        List<QueuedCommand<TCommand, TAnswer>> later = [];
        foreach (var queued in batch)
            if (queued.IsAnswered) continue;
            else if (!queued.IsLater) queued.Answer(appended);
            else if (queued.TryPostpone(options.MaxAttempts)) later.Add(queued);
            else queued.Fail(new InvalidOperationException($"A command for '{model.Stream}' asked for a later batch more than {options.MaxAttempts} times."));
        return later;
    }

    private async Task<(long Version, DateTimeOffset Time)> LoadAsync(CancellationToken ct)
    {
        model.Reset();
        if (!model.NeedsHistory) return (await ReachAsync(() => ledger.VersionAsync(model.Stream, ct)), DateTimeOffset.MinValue);
        var before = GC.GetTotalAllocatedBytes();
        (long Version, DateTimeOffset Time) place = (0, DateTimeOffset.MinValue);
        if (model.OpeningType is { } opening) place.Version = Math.Max(0, await ReachAsync(() => ledger.LastVersionAsync(model.Stream, opening, ct)) - 1);
        while (true)
        {
            var page = await ReachAsync(() => ledger.ReadStreamAsync(model.Stream, place.Version, options.LoadPageSize, ct));
            foreach (var recorded in page)
            {
                model.Evolve(recorded.Data, recorded.Timestamp);
                place = (recorded.Version, Later(place.Time, recorded.Timestamp));
            }
            if (page.Count < options.LoadPageSize) break;
        }
        // The books of a large pool are tens of megabytes of JSON. What reading them has left is given back before the pool serves anyone.
        if (GC.GetTotalAllocatedBytes() - before > MuchToRead) GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive);
        return place;
    }

    private async Task<T> ReachAsync<T>(Func<Task<T>> call)
    {
        try
        {
            return await call();
        }
        catch (Exception e) when (e is not (VersionConflictException or DuplicateEventException or UnrecordableEventException))
        {
            throw new LedgerUnavailableException(model.Stream, e);
        }
    }

    private static DateTimeOffset Later(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;
}
