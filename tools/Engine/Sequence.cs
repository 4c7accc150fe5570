using System.Threading.Channels;

namespace TokenLedger.Engine;

/// <summary>One request in the engine: its prompt is read first, then its output is made token by token.</summary>
internal sealed class Sequence(int promptTokens, int outputTokens, long arrivedAt, CancellationToken aborted)
{
    // The output's own length bounds the channel, so the scheduler never waits for a slow reader.
    private readonly Channel<int> _output = Channel.CreateBounded<int>(outputTokens + 1);
    private int _read;
    private int _made;

    public long ArrivedAt => arrivedAt;
    public long LastTokenAt { get; set; }
    public bool IsAborted => aborted.IsCancellationRequested;
    public bool IsDone => _made == outputTokens;
    public int CachedTokens => _read + _made;

    /// <summary>How many output tokens each step made, until the last.</summary>
    public IAsyncEnumerable<int> OutputAsync(CancellationToken ct) => _output.Reader.ReadAllAsync(ct);

    /// <summary>Works off up to <paramref name="tokens"/> tokens, the prompt before the output.</summary>
    /// <returns>The tokens that were read and made.</returns>
    public (int Read, int Made) Advance(int tokens)
    {
        var read = Math.Min(tokens, promptTokens - _read);
        _read += read;
        var made = Math.Min(tokens - read, outputTokens - _made);
        _made += made;
        if (made > 0) _output.Writer.TryWrite(made);
        if (IsDone) End();
        return (read, made);
    }

    public void End() => _output.Writer.TryComplete();
}
