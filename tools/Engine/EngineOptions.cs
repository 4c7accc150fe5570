using System.Globalization;

namespace TokenLedger.Engine;

/// <summary>What the simulated engine can do.</summary>
public sealed record EngineOptions
{
    public const int BlockTokens = 16;

    public int Port { get; init; } = 9000;
    public string Model { get; init; } = "simulated";

    /// <summary>Output tokens in a second, shared by all running sequences.</summary>
    public int TokensPerSecond { get; init; } = 2_000;

    /// <summary>Output tokens in a second that one sequence can have at most, however few there are; 0 = no such bound.</summary>
    public int SequenceTokensPerSecond { get; init; }

    /// <summary>Prompt tokens in a second, when nothing else is done: reading and making share the machine's time.</summary>
    public int PrefillTokensPerSecond { get; init; } = 20_000;

    /// <summary>Sequences that run at once; others wait.</summary>
    public int Slots { get; init; } = 16;

    /// <summary>Sequences that may wait; others are refused.</summary>
    public int Queue { get; init; } = 1_024;

    /// <summary>Prompt and output tokens of one sequence at most.</summary>
    public int MaxModelLength { get; init; } = 32_768;

    /// <summary>Tokens that the KV cache holds; when it is full, the youngest sequence gives way and starts again later.</summary>
    public int KvCacheTokens { get; init; } = 131_072;

    /// <summary>Mean length of an answer that its limit does not cut.</summary>
    public int MeanOutputTokens { get; init; } = 128;

    /// <summary>Other seeds give other answers to the same prompts.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>How long a stop waits for running sequences.</summary>
    public int DrainSeconds { get; init; } = 30;

    /// <summary>What goes wrong from the start; changed over <c>/admin/fault</c>.</summary>
    public Fault Fault { get; init; } = Fault.None;

    public const string Help = """
        A simulated inference server with the APIs of OpenAI and Anthropic and the metric names of vLLM, on loopback. A token is a word between white space.

          --port n                       port (default 9000; 0 = a free one, which is printed)
          --model name                   model it serves (default simulated)
          --tokens-per-second n          output tokens, shared by all sequences (default 2000)
          --sequence-tokens-per-second n output tokens of one sequence at most, however few run (default 0 = no such bound)
          --prefill-tokens-per-second n  prompt tokens, while nothing else is done (default 20000)
          --slots n                      sequences that run at once (default 16)
          --queue n                      sequences that may wait; others get 503 (default 1024)
          --max-model-len n              prompt and output tokens of one sequence (default 32768)
          --kv-cache-tokens n            size of the KV cache, in blocks of 16 (default 131072)
          --mean-output-tokens n         mean length of an answer that max_tokens does not cut (default 128)
          --seed n                       other seeds give other answers (default 1)
          --drain-seconds n              how long a stop waits for running sequences (default 30)
          --fault kind                   slow, hang, error, cut, reset or wrong-usage (default none)
          --fault-every n                only every n-th request fails (default 1)
          --fault-after n                cut and reset after so many tokens (default 3)
          --fault-delay-ms n             slow waits so long before every chunk (default 100)

        PUT /admin/fault {"kind":"cut","every":20,"after":3,"delayMs":100} changes the fault, DELETE takes it back. GET /log lists what was produced, a line for each request.
        SIGTERM refuses new requests and finishes those that run.
        """;

    /// <returns>What is wrong, in a sentence; null when nothing is.</returns>
    public static string? Read(IConfiguration settings, out EngineOptions options)
    {
        ArgumentNullException.ThrowIfNull(settings);
        string? wrong = null;
        var defaults = new EngineOptions();
        var kind = FaultKind.None;
        if (settings["fault"] is { } word && !Fault.TryParse(word, out kind)) wrong = $"--fault must be slow, hang, error, cut, reset or wrong-usage, not '{word}'.";
        options = new()
        {
            Port = Number("port", defaults.Port, 0, 65_535),
            Model = settings["model"] ?? defaults.Model,
            TokensPerSecond = Number("tokens-per-second", defaults.TokensPerSecond, 1, 100_000_000),
            SequenceTokensPerSecond = Number("sequence-tokens-per-second", defaults.SequenceTokensPerSecond, 0, 100_000_000),
            PrefillTokensPerSecond = Number("prefill-tokens-per-second", defaults.PrefillTokensPerSecond, 1, 100_000_000),
            Slots = Number("slots", defaults.Slots, 1, 65_536),
            Queue = Number("queue", defaults.Queue, 1, 1_000_000),
            MaxModelLength = Number("max-model-len", defaults.MaxModelLength, 1, 10_000_000),
            KvCacheTokens = Number("kv-cache-tokens", defaults.KvCacheTokens, BlockTokens, 100_000_000),
            MeanOutputTokens = Number("mean-output-tokens", defaults.MeanOutputTokens, 1, 1_000_000),
            Seed = Number("seed", defaults.Seed, 0, int.MaxValue),
            DrainSeconds = Number("drain-seconds", defaults.DrainSeconds, 0, 3_600),
            Fault = new(kind, Number("fault-every", 1, 1, 1_000_000), Number("fault-after", 3, 0, 1_000_000), Number("fault-delay-ms", 100, 0, 600_000)),
        };
        return wrong;

        int Number(string name, int defaultValue, int min, int max)
        {
            if (settings[name] is not { } text) return defaultValue;
            if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max) return value;
            wrong ??= $"--{name} must be a whole number from {min} to {max}, not '{text}'.";
            return defaultValue;
        }
    }
}
