using System.Collections.Concurrent;

namespace TokenLedger.Gateway.Requests;

/// <summary>
/// Input tokens before anybody has counted them: bytes of text × tokens per byte of the model, which is learned from every answer's exact count
/// (moving averages of tokens and of bytes, so that long prompts count for more). Before the first answer a token is taken for four bytes.
/// </summary>
internal sealed class InputEstimates
{
    private const double Learning = 1.0 / 16;
    private readonly ConcurrentDictionary<string, Averages> _models = new(StringComparer.Ordinal);

    public long Estimate(string model, long bytes, long knownTokens) =>
        knownTokens + (long)Math.Ceiling(bytes * (_models.TryGetValue(model, out var averages) ? averages.Tokens / averages.Bytes : 0.25));

    /// <summary>What a request of so many bytes really had.</summary>
    public void Learn(string model, long bytes, long tokens)
    {
        if (bytes <= 0 || tokens <= 0) return;
        _models.AddOrUpdate(model, _ => new(tokens, bytes), (_, old) => new(old.Tokens + (tokens - old.Tokens) * Learning, old.Bytes + (bytes - old.Bytes) * Learning));
    }

    private sealed record Averages(double Tokens, double Bytes);
}
