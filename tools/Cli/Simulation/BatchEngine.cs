namespace TokenLedger.Cli.Simulation;

/// <summary>
/// An inference server with continuous batching. A sequence needs a slot; those without one wait in the order they came. A new sequence's prefill takes the whole rate Λ,
/// one sequence at a time, while the others pause; when nobody prefills, every decoding sequence makes Λ/slots tokens a second. Input and output count alike:
/// with 16 slots and 240 tokens/s a request of 64 + 64 tokens has its first token after 0.27 s when a slot is free, and takes 8.53 s when all slots are taken.
/// </summary>
/// <param name="begin">Tokens of a sequence's input that are in the cache and need not be read; null while there is no room for it. Without it everything is read, and there is always room.</param>
internal sealed class BatchEngine(VirtualClock clock, Action<Sequence> firstToken, Action<Sequence> ended, Func<Sequence, long?>? begin = null)
{
    /// <summary>Tokens below this are rounding of whole microseconds.</summary>
    private const double Dust = 1e-3;

    private readonly LinkedList<Sequence> _waiting = [];
    private readonly List<Sequence> _running = [];
    private readonly Queue<Sequence> _prefilling = [];
    private long _advancedAt;
    private long _plan;
    private double _decoded;
    private bool _stepping;

    /// <summary>Sequences that run at once, and input and output tokens per second over all of them.</summary>
    public int Slots { get; private set; }
    public double TokensPerSecond { get; private set; }

    public int Running => _running.Count;
    public int Waiting => _waiting.Count;

    /// <summary>Tokens that were read again after a sequence lost its slot.</summary>
    public double WastedTokens { get; private set; }

    /// <summary>Sets the capacity. The newest sequences beyond the slots go back to the head of the queue and lose their cache: all they had is read again.</summary>
    public void Resize(int slots, double tokensPerSecond)
    {
        Advance();
        (Slots, TokensPerSecond) = (slots, tokensPerSecond);
        while (_running.Count > slots)
        {
            var newest = _running[^1];
            Leave(newest);
            WastedTokens += newest.Prefilled + newest.Decoded(_decoded);
            newest.Restart(_decoded);
            _waiting.AddFirst(newest);
        }
        Step();
    }

    public void Add(Sequence sequence)
    {
        _waiting.AddLast(sequence);
        Step();
    }

    /// <summary>Stops a sequence, running or waiting.</summary>
    public void Abort(Sequence sequence)
    {
        Advance();
        if (!_waiting.Remove(sequence)) Leave(sequence);
        sequence.Freeze(_decoded);
        Step();
    }

    /// <summary>Tokens that this sequence has had so far.</summary>
    public double Served(Sequence sequence)
    {
        Advance();
        return sequence.Served(_decoded);
    }

    /// <summary>Brings everything up to now, tells who got a first token or ended, fills free slots, and plans the next moment something happens.</summary>
    private void Step()
    {
        // Whoever is told may send or stop a sequence at once: the step under way sees to it.
        if (_stepping) return;
        _stepping = true;
        Advance();
        while (EndPrefill() || EndDecoding() || FillSlot()) { }
        _stepping = false;
        Plan();
    }

    private bool EndPrefill()
    {
        if (!_prefilling.TryPeek(out var head) || head.ToPrefill - head.Prefilled > Dust) return false;
        _prefilling.Dequeue();
        head.StartDecoding(_decoded);
        if (!head.HasFirstToken)
        {
            head.HasFirstToken = true;
            firstToken(head);
        }
        return true;
    }

    private bool EndDecoding()
    {
        var done = _running.Find(sequence => sequence.IsDecoding && sequence.DoneAt - _decoded <= Dust);
        if (done is null) return false;
        _running.Remove(done);
        done.Freeze(_decoded);
        ended(done);
        return true;
    }

    private bool FillSlot()
    {
        if (_running.Count >= Slots || _waiting.First is not { Value: var next }) return false;
        if (begin is not null)
        {
            if (begin(next) is not { } cached) return false;
            next.ToPrefill -= cached;
        }
        _waiting.RemoveFirst();
        _running.Add(next);
        _prefilling.Enqueue(next);
        return true;
    }

    private void Leave(Sequence sequence)
    {
        _running.Remove(sequence);
        if (sequence.IsDecoding) return;
        var others = _prefilling.Where(other => other != sequence).ToList();
        _prefilling.Clear();
        foreach (var other in others) _prefilling.Enqueue(other);
    }

    private void Advance()
    {
        var seconds = (clock.Micros - _advancedAt) / 1e6;
        _advancedAt = clock.Micros;
        if (_prefilling.TryPeek(out var head)) head.Prefilled = Math.Min(head.ToPrefill, head.Prefilled + seconds * TokensPerSecond);
        else if (Slots > 0) _decoded += seconds * TokensPerSecond / Slots;
    }

    private void Plan()
    {
        var plan = ++_plan;
        if (_running.Count == 0) return;
        var seconds = _prefilling.TryPeek(out var head)
            ? (head.ToPrefill - head.Prefilled) / TokensPerSecond
            : (_running.Min(sequence => sequence.DoneAt) - _decoded) * Slots / TokensPerSecond;
        clock.After(seconds, () =>
        {
            if (plan == _plan) Step();
        });
    }
}

/// <summary>A request at the engine. While it decodes it is told by a count that all decoding sequences share: tokens that each of them has made since the start.</summary>
internal sealed class Sequence(SimulatedRequest request)
{
    private double _startedAt;
    private double _made;

    public SimulatedRequest Request { get; } = request;
    public bool HasFirstToken { get; set; }
    public bool IsDecoding { get; private set; }

    /// <summary>Tokens to read before it decodes, and how many of them are read.</summary>
    public double ToPrefill { get; set; } = request.InputTokens;
    public double Prefilled { get; set; }

    /// <summary>What the shared count will be when it is done.</summary>
    public double DoneAt => IsDecoding ? _startedAt + Request.OutputTokens - _made : double.PositiveInfinity;

    public void StartDecoding(double decoded) => (IsDecoding, _startedAt) = (true, decoded);

    /// <summary>Output tokens made so far.</summary>
    public double Decoded(double decoded) => IsDecoding ? _made + decoded - _startedAt : _made;

    /// <summary>Input and output tokens it has had, each counted once.</summary>
    public double Served(double decoded) => HasFirstToken ? Request.InputTokens + Math.Min(Request.OutputTokens, Decoded(decoded)) : Prefilled;

    public void Freeze(double decoded) => (_made, IsDecoding) = (Decoded(decoded), false);

    /// <summary>Keeps what it has made, and must read it again.</summary>
    public void Restart(double decoded)
    {
        Freeze(decoded);
        (ToPrefill, Prefilled) = (Request.InputTokens + _made, 0);
    }
}
