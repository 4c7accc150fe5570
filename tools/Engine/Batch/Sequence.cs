using System.Threading.Channels;

namespace TokenLedger.Engine;

/// <summary>One request in the engine: its prompt is read first, then its output is made token by token.</summary>
/// <param name="prompt">A hash for each token of the prompt.</param>
/// <param name="output">The hash of the n-th token of the output, so that a later prompt that repeats it finds it in the cache.</param>
internal sealed class Sequence(ulong[] prompt, int outputTokens, Func<int, ulong> output, long arrivedAt, CancellationToken gone)
{
    // The output's own length bounds the channel, so the scheduler never waits for a slow reader.
    private readonly Channel<int> _steps = Channel.CreateBounded<int>(outputTokens + 1);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _abort;
    private int _made;
    private int _told;
    private double _earned = 1;

    public long ArrivedAt => arrivedAt;
    public long LastTokenAt { get; set; }

    /// <summary>Its client has gone, or somebody asked for its end.</summary>
    public bool IsAborted => _abort || gone.IsCancellationRequested;

    public bool IsDone => _made == outputTokens && Computed >= prompt.Length;

    /// <summary>Completes when the scheduler has let go of it: from then on nothing more is produced.</summary>
    public Task Ended => _ended.Task;

    /// <summary>The speed that a single sequence has allows one more token now.</summary>
    public bool MayMake => _earned >= 1;

    public int PromptTokens => prompt.Length;
    public int Made => Volatile.Read(ref _made);

    /// <summary>Prompt tokens that the cache had when the sequence first ran.</summary>
    public int CachedTokens { get; private set; } = -1;

    /// <summary>Tokens in the KV cache.</summary>
    public int Computed { get; private set; }

    /// <summary>Tokens that are known and must be in the KV cache before the next can be made; after a preemption the output so far is among them.</summary>
    public int Known => prompt.Length + _made;

    public List<KvBlock> Blocks { get; } = [];

    /// <summary>How many output tokens each step made, until the last.</summary>
    public IAsyncEnumerable<int> StepsAsync(CancellationToken ct) => _steps.Reader.ReadAllAsync(ct);

    public ulong TokenAt(int index) => index < prompt.Length ? prompt[index] : output(index - prompt.Length);

    /// <summary>Begins with what the cache has of it.</summary>
    public void Start(int cached)
    {
        Computed = cached;
        if (CachedTokens < 0) CachedTokens = cached;
    }

    /// <summary>Its blocks are taken away: it reads everything again.</summary>
    public void Preempt() => Computed = 0;

    public int Read(int most)
    {
        var read = Math.Min(most, Known - Computed);
        Computed += read;
        return read;
    }

    /// <summary>Time passes: so many tokens more. What could not be made in time is not made up for.</summary>
    public void Earn(double tokens) => _earned = Math.Min(1 + tokens, _earned + tokens);

    public void Make()
    {
        _earned--;
        Computed++;
        Volatile.Write(ref _made, _made + 1);
    }

    /// <summary>Tells the reader what was made since the last time.</summary>
    public void Flush()
    {
        if (_made > _told) _steps.Writer.TryWrite(_made - _told);
        _told = _made;
    }

    public void Abort() => _abort = true;

    public void End()
    {
        _steps.Writer.TryComplete();
        _ended.TrySetResult();
    }
}
