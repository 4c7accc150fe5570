using TokenLedger.Contracts;

namespace TokenLedger.Core.Scaling;

/// <summary>The requests of a pool as far as scaling cares: who asks for the first time, who runs, who waits.</summary>
internal sealed class RequestLives
{
    /// <summary>Requests that are remembered because they were refused or wait; more are counted anew each time they ask.</summary>
    public const int MostAsked = 10_000;

    private readonly Dictionary<RequestId, DateTimeOffset> _asked = [];
    private readonly Queue<(RequestId Request, DateTimeOffset At)> _askedOrder = new();
    private readonly Dictionary<RequestId, Run> _open = [];
    private readonly Dictionary<RequestId, bool> _waiting = [];

    public DemandBins Bins { get; } = new();

    /// <summary>Sequences held for classes with a baseline, and for those that use the surplus only.</summary>
    public int PayingSequences { get; private set; }
    public int SurplusSequences { get; private set; }

    /// <summary>Requests of classes with a baseline that wait for admission.</summary>
    public int Waiting { get; private set; }

    /// <summary>A request asks, for the first time or again.</summary>
    public void Ask(RequestId request, long inputTokens, long tokens, DateTimeOffset at)
    {
        while (_askedOrder.TryPeek(out var oldest) && oldest.At <= at - DemandBins.Window)
        {
            _askedOrder.Dequeue();
            if (_asked.GetValueOrDefault(oldest.Request) == oldest.At) _asked.Remove(oldest.Request);
        }
        if (_asked.ContainsKey(request)) return;
        Count(1, inputTokens, tokens, at);
        if (_askedOrder.Count >= MostAsked) return;
        _asked[request] = at;
        _askedOrder.Enqueue((request, at));
    }

    /// <summary>Requests that are only counted.</summary>
    public void Count(long requests, long inputTokens, long tokens, DateTimeOffset at)
    {
        if (requests <= 0) return;
        var bin = Bins.At(at);
        bin.Sums += new Sums(requests, tokens, inputTokens, (double)tokens * tokens / requests, 0, 0, 0, 0);
    }

    public void Wait(RequestId request, bool paying)
    {
        if (_waiting.TryAdd(request, paying) && paying) Waiting++;
    }

    public void EndWait(RequestId request)
    {
        if (_waiting.Remove(request, out var paying) && paying) Waiting--;
    }

    public void Start(RequestId request, bool paying, long tokens, DateTimeOffset at)
    {
        EndWait(request);
        if (!_open.TryAdd(request, new(paying, tokens, at))) return;
        Hold(paying, 1);
    }

    /// <param name="usedTokens">Null when it is not known what it used.</param>
    public void End(RequestId request, long? usedTokens, DateTimeOffset at)
    {
        if (!_open.Remove(request, out var run)) return;
        Hold(run.Paying, -1);
        if (run.Paying && usedTokens is { } used && at > run.At)
            Bins.At(at).Sums += new Sums(0, 0, 0, 0, 1, (at - run.At).Ticks, run.Tokens, used);
    }

    private void Hold(bool paying, int sequences)
    {
        if (paying) PayingSequences += sequences;
        else SurplusSequences += sequences;
    }

    private readonly record struct Run(bool Paying, long Tokens, DateTimeOffset At);
}
