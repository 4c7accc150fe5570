using TokenLedger.Cli.Simulation;
using TokenLedger.Core.Routing;

namespace TokenLedger.Cli.Experiments;

/// <summary>One inference server with continuous batching and a prefix cache, and what the gateway knows of it: what it sent there, and its metrics of up to a second ago.</summary>
internal sealed class SimulatedReplica
{
    public const int Slots = 32;
    public const double TokensPerSecond = 8_000;
    public const int CacheTokens = 48_000;
    private readonly PrefixCache _cache = new(CacheTokens / PrefixCache.BlockTokens);
    private readonly BatchEngine _engine;
    private readonly Dictionary<Sequence, Flight> _flights = [];
    private long _outstanding;
    private int _waiting;
    private double _usage;

    public SimulatedReplica(VirtualClock clock)
    {
        _engine = new(clock, FirstToken, Ended, Begin);
        _engine.Resize(Slots, TokensPerSecond);
    }

    /// <summary>What it looks like to the one who chooses.</summary>
    public ReplicaLoad Load(int matchedBlocks) => new(Available: true, _outstanding, _waiting, _usage, Share: 1, matchedBlocks, IsFull: _flights.Count >= Slots);

    /// <summary>The gateway looks at its metrics.</summary>
    public void Look() => (_waiting, _usage) = (_engine.Waiting, _cache.Usage);

    public void Add(RoutedPrompt prompt)
    {
        _outstanding += prompt.ExpectedTokens;
        var sequence = new Sequence(new(default, tenant: 0, prompt.InputTokens, prompt.OutputTokens, prompt.OutputTokens, prompt.At));
        _flights[sequence] = new(prompt);
        _engine.Add(sequence);
    }

    private long? Begin(Sequence sequence)
    {
        var flight = _flights[sequence];
        if (_cache.TryStart(flight.Names(flight.Prompt.InputTokens - 1), flight.Blocks) is not { } shared) return null;
        flight.Named = shared;
        return flight.Prompt.CachedTokens = shared * PrefixCache.BlockTokens;
    }

    private void FirstToken(Sequence sequence)
    {
        var flight = _flights[sequence];
        flight.Named = _cache.Read(flight.Names(flight.Prompt.InputTokens - 1), flight.Named);
        flight.Prompt.OnFirstToken();
    }

    private void Ended(Sequence sequence)
    {
        _flights.Remove(sequence, out var flight);
        _cache.End(flight!.Names(flight.Prompt.InputTokens + flight.Prompt.OutputTokens), flight.Named, flight.Blocks);
        _outstanding -= flight.Prompt.ExpectedTokens;
        flight.Prompt.OnEnd();
    }

    /// <summary>A prompt under way, and how many of its blocks are held by their names.</summary>
    private sealed class Flight(RoutedPrompt prompt)
    {
        private readonly ulong[] _names = [.. Enumerable.Range(0, (prompt.InputTokens + prompt.OutputTokens) / PrefixCache.BlockTokens).Select(i => prompt.Conversation.Block(i, PrefixCache.BlockTokens))];

        public RoutedPrompt Prompt => prompt;
        public int Named { get; set; }
        public int Blocks => (prompt.InputTokens + prompt.OutputTokens + PrefixCache.BlockTokens - 1) / PrefixCache.BlockTokens;

        /// <summary>Of the full blocks among the first so many tokens.</summary>
        public ReadOnlySpan<ulong> Names(int tokens) => _names.AsSpan(0, tokens / PrefixCache.BlockTokens);
    }
}

/// <summary>A prompt on its way through one replica.</summary>
internal sealed class RoutedPrompt(Conversation conversation, int inputTokens, int outputTokens, long expectedTokens, double at)
{
    public Conversation Conversation => conversation;
    public int InputTokens => inputTokens;
    public int OutputTokens => outputTokens;

    /// <summary>What the gateway reserves for it.</summary>
    public long ExpectedTokens => expectedTokens;
    public double At => at;
    public int Replica { get; set; }
    public int CachedTokens { get; set; }
    public double FirstTokenAt { get; set; }
    public required Action OnFirstToken { get; set; }
    public required Action OnEnd { get; set; }

    /// <summary>What the replica had to compute.</summary>
    public long Work => InputTokens - CachedTokens + OutputTokens;
}
