using System.Threading.Channels;

namespace TokenLedger.Engine;

/// <summary>
/// Continuous batching in small: sequences join and leave a running batch of bounded size at every step, and the tokens of a step
/// (rate × time since the last step) are divided equally among them. What no one needs is lost, as it is on a real machine.
/// </summary>
internal sealed class BatchScheduler(EngineOptions options, EngineMetrics metrics, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan s_step = TimeSpan.FromMilliseconds(10);
    private readonly Channel<Sequence> _waiting = Channel.CreateBounded<Sequence>(options.Queue);
    private readonly List<Sequence> _running = [];
    private double _budget;
    private int _first;

    /// <returns>False when too many wait already.</returns>
    public bool TryAdd(Sequence sequence)
    {
        if (!_waiting.Writer.TryWrite(sequence)) return false;
        metrics.Waiting(_waiting.Reader.Count);
        return true;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (await _waiting.Reader.WaitToReadAsync(stoppingToken))
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

    /// <summary>Lets waiting sequences into free slots.</summary>
    /// <returns>False when nothing runs.</returns>
    internal bool FillSlots()
    {
        while (_running.Count < options.Slots && _waiting.Reader.TryRead(out var next)) _running.Add(next);
        metrics.Waiting(_waiting.Reader.Count);
        metrics.Running(_running.Count, _running.Sum(sequence => (long)sequence.CachedTokens));
        return _running.Count > 0;
    }

    /// <summary>Divides the tokens of one step. A fraction of a token is kept for the next.</summary>
    internal void Step(double tokens, long now)
    {
        foreach (var gone in _running.Where(sequence => sequence.IsAborted)) gone.End();
        _running.RemoveAll(sequence => sequence.IsAborted);
        _budget += tokens;
        while (_budget >= 1 && _running.Count > 0)
        {
            var share = Math.Max(1, (int)Math.Min(int.MaxValue, _budget / _running.Count));
            // A step of fewer tokens than sequences starts each time with another one, so that none is starved.
            _first = (_first + 1) % _running.Count;
            for (var i = 0; i < _running.Count && _budget >= 1; i++)
                _budget -= Advance(_running[(_first + i) % _running.Count], share, now);
            _running.RemoveAll(sequence => sequence.IsDone);
        }
        if (_running.Count == 0) _budget = 0;
    }

    private int Advance(Sequence sequence, int share, long now)
    {
        var (read, made) = sequence.Advance(share);
        metrics.Tokens(read, made);
        if (made == 0) return read;
        if (sequence.LastTokenAt == 0) metrics.FirstToken(time.GetElapsedTime(sequence.ArrivedAt, now));
        else metrics.NextTokens(time.GetElapsedTime(sequence.LastTokenAt, now), made);
        sequence.LastTokenAt = now;
        return read + made;
    }
}
