using System.Threading.Channels;

namespace TokenLedger.Engine;

/// <summary>
/// Continuous batching in small: sequences join and leave a running batch of bounded size at every step. The machine's time of a step is divided equally
/// among them; it is counted in output tokens, and a prompt token costs as much less as prompts are read faster. What no one needs is lost, as it is on a real machine.
/// </summary>
internal sealed class BatchScheduler(EngineOptions options, EngineMetrics metrics, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan s_step = TimeSpan.FromMilliseconds(10);
    private readonly Channel<Sequence> _arrived = Channel.CreateUnbounded<Sequence>(new() { SingleReader = true });
    private readonly LinkedList<Sequence> _waiting = [];
    private readonly List<Sequence> _running = [];
    private readonly KvCache _cache = new(Math.Max(1, options.KvCacheTokens / EngineOptions.BlockTokens));
    private readonly double _promptCost = (double)options.TokensPerSecond / options.PrefillTokensPerSecond;
    private double _budget;
    private int _first;
    private int _queued;

    /// <returns>False when too many wait already.</returns>
    public bool TryAdd(Sequence sequence)
    {
        if (Interlocked.Increment(ref _queued) > options.Queue)
        {
            Interlocked.Decrement(ref _queued);
            return false;
        }
        return _arrived.Writer.TryWrite(sequence);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (await _arrived.Reader.WaitToReadAsync(stoppingToken))
        {
            var last = time.GetTimestamp();
            while (FillSlots())
            {
                await Task.Delay(s_step, time, stoppingToken);
                var now = time.GetTimestamp();
                Step(options.TokensPerSecond * time.GetElapsedTime(last, now).TotalSeconds, now);
                last = now;
            }
            _budget = 0;
        }
    }

    /// <summary>Lets waiting sequences into free slots, in their order.</summary>
    /// <returns>False when nothing runs or waits.</returns>
    internal bool FillSlots()
    {
        while (_arrived.Reader.TryRead(out var next)) _waiting.AddLast(next);
        for (var node = _waiting.First; node is not null;)
        {
            var (one, next) = (node, node.Next);
            if (one.Value.IsAborted) Leave(one).End();
            node = next;
        }
        while (_running.Count < options.Slots && _waiting.First is { } first && _cache.TryStart(first.Value))
        {
            _running.Add(Leave(first));
            metrics.Started(first.Value.PromptTokens, first.Value.Computed);
        }
        metrics.Now(_running.Count, _waiting.Count, _cache.Usage);
        return _running.Count > 0 || _waiting.Count > 0;
    }

    private Sequence Leave(LinkedListNode<Sequence> node)
    {
        _waiting.Remove(node);
        Interlocked.Decrement(ref _queued);
        return node.Value;
    }

    /// <summary>Divides the time of one step, in output tokens. A fraction of a token is kept for the next.</summary>
    internal void Step(double tokens, long now)
    {
        Retire(sequence => sequence.IsAborted);
        _budget += tokens;
        var earned = options.SequenceTokensPerSecond == 0 ? double.PositiveInfinity : tokens * options.SequenceTokensPerSecond / options.TokensPerSecond;
        foreach (var sequence in _running) sequence.Earn(earned);
        while (_budget >= 1 && _running.Count > 0)
        {
            var share = Math.Max(1, _budget / _running.Count);
            // A step of fewer tokens than sequences starts each time with another one, so that none is starved.
            _first = (_first + 1) % _running.Count;
            Sequence[] turn = [.. _running.Skip(_first), .. _running.Take(_first)];
            var before = _budget;
            foreach (var sequence in turn)
                if (_budget >= 1 && _running.Contains(sequence)) _budget -= Advance(sequence, share, now);
            Retire(sequence => sequence.IsDone);
            if (_budget == before) _budget = 0;
        }
        if (_running.Count == 0) _budget = 0;
    }

    private void Retire(Predicate<Sequence> over)
    {
        foreach (var sequence in _running.FindAll(over))
        {
            _running.Remove(sequence);
            _cache.Release(sequence);
            metrics.Finished(sequence.IsDone);
            sequence.End();
        }
    }

    /// <returns>What it cost.</returns>
    private double Advance(Sequence sequence, double share, long now)
    {
        var before = sequence.Computed;
        var read = sequence.Read((int)Math.Min(int.MaxValue, Math.Max(1, share / _promptCost)));
        var cost = read * _promptCost;
        var made = 0;
        while (share - cost >= 1 && sequence.Computed == sequence.Known && !sequence.IsDone && sequence.MayMake && HasRoom(sequence))
        {
            sequence.Make();
            (made, cost) = (made + 1, cost + 1);
        }
        sequence.Flush();
        _cache.Filled(sequence, before);
        metrics.Tokens(read, made);
        if (made == 0) return cost;
        if (sequence.LastTokenAt == 0) metrics.FirstToken(time.GetElapsedTime(sequence.ArrivedAt, now));
        else metrics.NextTokens(time.GetElapsedTime(sequence.LastTokenAt, now), made);
        sequence.LastTokenAt = now;
        return cost;
    }

    /// <summary>When the cache is full the youngest other sequence gives way: it waits again, first in line, and keeps what it made.</summary>
    private bool HasRoom(Sequence sequence)
    {
        while (!_cache.TryGrow(sequence))
        {
            if (_running.FindLast(other => other != sequence) is not { } victim) return false;
            _running.Remove(victim);
            _cache.Release(victim);
            victim.Preempt();
            _waiting.AddFirst(victim);
            Interlocked.Increment(ref _queued);
            metrics.Preempted();
        }
        return true;
    }
}
