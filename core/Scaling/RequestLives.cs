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
    private readonly Dictionary<RequestId, Standing> _waiting = [];

    public DemandBins Bins { get; } = new();

    /// <summary>Sequences held on floors, for elastic entitlements, and for those that use the surplus only.</summary>
    public int FloorSequences { get; private set; }
    public int ElasticSequences { get; private set; }
    public int SurplusSequences { get; private set; }

    /// <summary>Sequences of those for whom replicas are started.</summary>
    public int PayingSequences => FloorSequences + ElasticSequences;

    /// <summary>Requests of those that wait for admission.</summary>
    public int Waiting { get; private set; }

    /// <summary>A request asks, for the first time or again.</summary>
    public void Ask(RequestId request, Standing standing, long inputTokens, long tokens, DateTimeOffset at)
    {
        if (standing == Standing.Surplus) return;
        while (_askedOrder.TryPeek(out var oldest) && oldest.At <= at - DemandBins.Window)
        {
            _askedOrder.Dequeue();
            if (_asked.GetValueOrDefault(oldest.Request) == oldest.At) _asked.Remove(oldest.Request);
        }
        if (_asked.ContainsKey(request)) return;
        Count(1, standing, inputTokens, tokens, at);
        if (_askedOrder.Count >= MostAsked) return;
        _asked[request] = at;
        _askedOrder.Enqueue((request, at));
    }

    /// <summary>Requests that are only counted.</summary>
    public void Count(long requests, Standing standing, long inputTokens, long tokens, DateTimeOffset at)
    {
        if (requests <= 0 || standing == Standing.Surplus) return;
        var bin = Bins.At(at);
        bin.Sums += new Sums(requests, tokens, standing == Standing.Floor ? tokens : 0, inputTokens, (double)tokens * tokens / requests, 0, 0, 0, 0);
    }

    public void Wait(RequestId request, Standing standing)
    {
        if (_waiting.TryAdd(request, standing) && standing != Standing.Surplus) Waiting++;
    }

    public void EndWait(RequestId request)
    {
        if (_waiting.Remove(request, out var standing) && standing != Standing.Surplus) Waiting--;
    }

    public void Start(RequestId request, Standing standing, long tokens, DateTimeOffset at)
    {
        EndWait(request);
        if (!_open.TryAdd(request, new(standing, tokens, at))) return;
        Hold(standing, 1);
    }

    /// <param name="usedTokens">Null when it is not known what it used.</param>
    public void End(RequestId request, long? usedTokens, DateTimeOffset at)
    {
        if (!_open.Remove(request, out var run)) return;
        Hold(run.Standing, -1);
        if (run.Standing != Standing.Surplus && usedTokens is { } used && at > run.At)
            Bins.At(at).Sums += new Sums(0, 0, 0, 0, 0, 1, (at - run.At).Ticks, run.Tokens, used);
    }

    private void Hold(Standing standing, int sequences)
    {
        switch (standing)
        {
            case Standing.Floor: FloorSequences += sequences; break;
            case Standing.Elastic: ElasticSequences += sequences; break;
            default: SurplusSequences += sequences; break;
        }
    }

    private readonly record struct Run(Standing Standing, long Tokens, DateTimeOffset At);
}

/// <summary>Whose a request is: of an entitlement with a floor, of an elastic one, or of one that has surplus only, for which no replica is started.</summary>
internal enum Standing { Surplus, Elastic, Floor }
