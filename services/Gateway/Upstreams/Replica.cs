using TokenLedger.Core.Routing;

namespace TokenLedger.Gateway.Upstreams;

/// <summary>One inference server: what the gateway has sent there, what its metrics say, and whether it may be used.</summary>
internal sealed class Replica(Uri address)
{
    private const double LeastShare = 0.1;
    private readonly Lock _lock = new();
    private long _outstanding;
    private int _requests;
    private int _waiting;
    private double _kvUsage;
    private int _failures;
    private DateTimeOffset _ejectedUntil = DateTimeOffset.MinValue;
    private bool _refuses;

    public Uri Address => address;

    public void Begin(long tokens)
    {
        Interlocked.Add(ref _outstanding, tokens);
        Interlocked.Increment(ref _requests);
    }

    public void End(long tokens)
    {
        Interlocked.Add(ref _outstanding, -tokens);
        Interlocked.Decrement(ref _requests);
    }

    public void Measured(int waiting, double kvUsage)
    {
        lock (_lock) (_waiting, _kvUsage) = (waiting, kvUsage);
    }

    public void Succeeded()
    {
        lock (_lock) _failures = 0;
    }

    public void Failed(DateTimeOffset now, GatewayOptions options)
    {
        lock (_lock)
        {
            if (++_failures < options.EjectAfter) return;
            _failures = 0;
            _ejectedUntil = now + TimeSpan.FromMilliseconds(options.EjectMs);
        }
    }

    /// <summary>It says itself whether it takes requests: one that drains, or whose door is shut, gets none from now on and comes back slowly.</summary>
    public void Said(bool refuses, DateTimeOffset now)
    {
        lock (_lock)
        {
            _refuses = refuses;
            if (refuses && _ejectedUntil < now) _ejectedUntil = now;
        }
    }

    /// <param name="slots">Sequences that it runs at once.</param>
    public ReplicaLoad Load(DateTimeOffset now, GatewayOptions options, int matchedBlocks, int slots)
    {
        lock (_lock)
        {
            var back = (now - _ejectedUntil).TotalMilliseconds;
            var share = options.SlowStartMs == 0 ? 1 : Math.Clamp(back / options.SlowStartMs, LeastShare, 1);
            return new(back >= 0 && !_refuses, Math.Max(0, Interlocked.Read(ref _outstanding)), _waiting, _kvUsage, share, matchedBlocks, Volatile.Read(ref _requests) >= slots);
        }
    }
}
