using System.Collections.Concurrent;
using TokenLedger.Cli.Api;

namespace TokenLedger.Cli.Traces;

/// <summary>Counts what becomes of every request, from many workers at once.</summary>
/// <param name="requests">How many are planned.</param>
internal sealed class PlayTally(int requests)
{
    private const int MaxErrorKinds = 32;
    private const int MaxMessages = 5;

    private readonly ConcurrentDictionary<string, long> _refused = new();
    private readonly ConcurrentDictionary<string, long> _errors = new();
    private readonly ConcurrentDictionary<string, byte> _messages = new();
    private long _offered, _admitted, _repeated, _served, _duplicates, _retries, _inputTokens, _outputTokens, _longestLagTicks, _refusedTotal, _errorTotal;
    private volatile Problem? _lastTrouble;

    public int Planned { get; } = requests;
    public LatencyLog Admissions { get; } = new(requests);
    public LatencyLog UsagePosts { get; } = new(requests);

    public long OfferedRequests => Interlocked.Read(ref _offered);
    public long AdmittedRequests => Interlocked.Read(ref _admitted);
    public long RepeatedAdmissions => Interlocked.Read(ref _repeated);
    public long ServedRequests => Interlocked.Read(ref _served);
    public long RefusedRequests => Interlocked.Read(ref _refusedTotal);
    public long FailedRequests => Interlocked.Read(ref _errorTotal);
    public long DuplicateUsage => Interlocked.Read(ref _duplicates);
    public long Retries => Interlocked.Read(ref _retries);
    public long InputTokens => Interlocked.Read(ref _inputTokens);
    public long OutputTokens => Interlocked.Read(ref _outputTokens);
    public TimeSpan LongestLag => TimeSpan.FromTicks(Interlocked.Read(ref _longestLagTicks));
    public IReadOnlyDictionary<string, long> RefusedByReason => _refused;
    public IReadOnlyDictionary<string, long> ErrorsByKind => _errors;

    /// <summary>The first few different errors in words.</summary>
    public IReadOnlyCollection<string> ErrorMessages => [.. _messages.Keys];

    /// <summary>What the last retry was for, for the person who watches.</summary>
    public Problem? LastTrouble => _lastTrouble;

    public void Offered() => Interlocked.Increment(ref _offered);

    /// <param name="repeated">The server had admitted this id before.</param>
    public void Admitted(bool repeated)
    {
        Interlocked.Increment(ref _admitted);
        if (repeated) Interlocked.Increment(ref _repeated);
    }

    public void Refused(string reason)
    {
        _refused.AddOrUpdate(reason, 1, (_, count) => count + 1);
        Interlocked.Increment(ref _refusedTotal);
    }

    /// <param name="duplicate">The server had recorded this usage before.</param>
    public void Served(PlannedRequest request, bool duplicate)
    {
        Interlocked.Add(ref _inputTokens, request.InputTokens);
        Interlocked.Add(ref _outputTokens, request.OutputTokens);
        if (duplicate) Interlocked.Increment(ref _duplicates);
        Interlocked.Increment(ref _served);
    }

    /// <summary>Neither served nor refused by a rule. Kinds beyond a bound are counted together.</summary>
    public void Failed(string call, Problem problem)
    {
        var kind = $"{call}: {(problem.Status == 0 ? "no answer" : problem.Status)}{(problem.Reason is null ? "" : " " + problem.Reason)}";
        if (!_errors.ContainsKey(kind) && _errors.Count >= MaxErrorKinds) kind = "others";
        _errors.AddOrUpdate(kind, 1, (_, count) => count + 1);
        if (_messages.Count < MaxMessages) _messages.TryAdd($"{call}: {problem.ToLine()}", 0);
        Interlocked.Increment(ref _errorTotal);
    }

    public void Retried(Problem? trouble)
    {
        Interlocked.Increment(ref _retries);
        _lastTrouble = trouble;
    }

    /// <summary>A request that was started later than its trace says. Only the one reader of the arrivals calls this.</summary>
    public void Lagged(TimeSpan lag)
    {
        if (lag.Ticks > Interlocked.Read(ref _longestLagTicks)) Interlocked.Exchange(ref _longestLagTicks, lag.Ticks);
    }
}
