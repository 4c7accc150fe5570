using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace TokenLedger.Ledger;

/// <summary>
/// The one writer of a stream in this process. Commands wait in a bounded queue; a single loop takes those that are there, decides them one after the other on the model,
/// appends all their events in one commit and only then answers. While a commit is under way the next batch gathers, so batches grow with the load and an idle writer adds no wait.
/// </summary>
public sealed class StreamWriter<TCommand, TAnswer> : IAsyncDisposable
{
    private static readonly TimeSpan s_shortestWait = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan s_longestWait = TimeSpan.FromHours(1);
    private readonly Channel<QueuedCommand<TCommand, TAnswer>> _queue;
    private readonly StreamSession<TCommand, TAnswer> _session;
    private readonly StreamWriterOptions _options;
    private readonly string _stream;
    private readonly Task _loop;
    private readonly TimeProvider _clock;
    private volatile bool _disposed;

    public StreamWriter(ILedger ledger, IStreamModel<TCommand, TAnswer> model, TimeProvider clock, StreamWriterOptions options, ILogger? log = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        (_options, _clock) = (options, clock);
        _stream = model.Stream;
        _queue = Channel.CreateBounded<QueuedCommand<TCommand, TAnswer>>(new BoundedChannelOptions(options.QueueCapacity) { SingleReader = true });
        _session = new(ledger, model, clock, options, log ?? NullLogger.Instance);
        _loop = Task.Run(RunAsync);
    }

    /// <summary>Commands that wait to be decided.</summary>
    public int QueueLength => _queue.Reader.Count;

    /// <summary>Decides a command and answers when its events, and those of all decisions it could see, are durable.</summary>
    /// <param name="ct">Ends the wait. A command that is not being decided yet is dropped; one that is may still be recorded.</param>
    /// <exception cref="QueueFullException">Too many commands are waiting.</exception>
    /// <exception cref="LedgerUnavailableException">The ledger did not answer; whether the events are recorded is not known.</exception>
    /// <exception cref="ObjectDisposedException">The writer takes no more commands.</exception>
    public async Task<TAnswer> SendAsync(TCommand command, CancellationToken ct) => (await SendAllAsync([command], ct))[0];

    /// <summary>
    /// As <see cref="SendAsync"/> for several commands, which are decided one by one and may land in different batches, for one wait: a caller who brings hundreds is woken once.
    /// When one of them fails, so does the call, whatever became of the others.
    /// </summary>
    public async Task<IReadOnlyList<TAnswer>> SendAllAsync(IReadOnlyList<TCommand> commands, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(commands);
        ct.ThrowIfCancellationRequested();
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (commands.Count == 0) return [];
        var answers = new AwaitedAnswers<TAnswer>(commands.Count);
        for (var i = 0; i < commands.Count; i++)
            if (!_queue.Writer.TryWrite(new(commands[i], answers, i, ct))) throw new QueueFullException(_stream, _options.QueueCapacity);
        return await answers.Task.WaitAsync(ct);
    }

    /// <summary>Takes no more commands, finishes those that wait and answers them.</summary>
    public async ValueTask DisposeAsync()
    {
        _disposed = true;
        _queue.Writer.TryComplete();
        await _loop;
    }

    private async Task RunAsync()
    {
        List<QueuedCommand<TCommand, TAnswer>> later = [];
        while (later.Count > 0 || await ComesAsync())
        {
            List<QueuedCommand<TCommand, TAnswer>> batch = [.. later.Where(queued => !queued.IsDropped())];
            while (batch.Count < _options.MaxBatch && _queue.Reader.TryRead(out var queued))
                if (!queued.IsDropped()) batch.Add(queued);
            // Nothing cancels a batch, because a commit that is cancelled may have happened. Disposal waits for it; a call that hangs is ended by the ledger's own time limits.
            later = batch.Count == 0 && !IsDue ? [] : await _session.WriteAsync(batch, CancellationToken.None);
        }
    }

    private bool IsDue => _session.DueAt <= _clock.GetUtcNow();

    /// <summary>Waits for a command or for what follows without one.</summary>
    /// <returns>False when no more commands will come.</returns>
    private async Task<bool> ComesAsync()
    {
        if (_session.DueAt is not { } due) return await _queue.Reader.WaitToReadAsync();
        var wait = due - _clock.GetUtcNow();
        using var timer = new CancellationTokenSource(wait < s_shortestWait ? s_shortestWait : wait > s_longestWait ? s_longestWait : wait, _clock);
        try
        {
            return await _queue.Reader.WaitToReadAsync(timer.Token);
        }
        catch (OperationCanceledException)
        {
            return true;
        }
    }
}
