using System.Globalization;

namespace TokenLedger.Engine;

/// <summary>What the simulated engine can do.</summary>
/// <param name="TokensPerSecond">Prompt and output tokens together, shared by all running sequences.</param>
/// <param name="Slots">Sequences that run at once; others wait.</param>
/// <param name="Queue">Sequences that may wait; others are refused.</param>
/// <param name="MaxModelLength">Prompt and output tokens of one sequence at most.</param>
/// <param name="KvCacheTokens">Tokens that the KV cache holds; it is reported, and does not limit.</param>
/// <param name="MeanOutputTokens">Mean length of an answer that its limit does not cut.</param>
internal sealed record EngineOptions(
    int Port, string Model, int TokensPerSecond, int Slots, int Queue, int MaxModelLength, int KvCacheTokens, int MeanOutputTokens)
{
    public const string Help = """
        A simulated inference server with the API and the metric names of vLLM, on loopback. A token is a word between white space.

          --port n                port (default 9000)
          --model name            model it serves (default simulated)
          --tokens-per-second n   prompt and output tokens together, shared by all sequences (default 2000)
          --slots n               sequences that run at once (default 16)
          --queue n               sequences that may wait; others get 503 (default 1024)
          --max-model-len n       prompt and output tokens of one sequence (default 32768)
          --kv-cache-tokens n     size of the KV cache, for its metric (default 131072)
          --mean-output-tokens n  mean length of an answer that max_tokens does not cut (default 128)
        """;

    /// <returns>What is wrong, in a sentence; null when nothing is.</returns>
    public static string? Read(IConfiguration settings, out EngineOptions options)
    {
        string? wrong = null;
        options = new(
            Number("port", 9000, 65_535), settings["model"] ?? "simulated", Number("tokens-per-second", 2000, 100_000_000), Number("slots", 16, 65_536),
            Number("queue", 1024, 1_000_000), Number("max-model-len", 32_768, 10_000_000), Number("kv-cache-tokens", 131_072, 1_000_000_000),
            Number("mean-output-tokens", 128, 1_000_000));
        return wrong;

        int Number(string name, int defaultValue, int max)
        {
            if (settings[name] is not { } text) return defaultValue;
            if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= 1 && value <= max) return value;
            wrong ??= $"--{name} must be a whole number from 1 to {max}, not '{text}'.";
            return defaultValue;
        }
    }
}
