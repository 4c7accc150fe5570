using TokenLedger.Cli.Simulation;
using TokenLedger.Core.Routing;

namespace TokenLedger.Cli.Experiments;

/// <summary>A load over four replicas, each prompt sent where the gateway's own choice sends it.</summary>
internal sealed class RoutingRun
{
    public const int Replicas = 4;

    /// <summary>As the gateway: the hash of everything so far after every 256 bytes, of which there are four a token, and so many hashes at most.</summary>
    private const int GatewayBlockTokens = 64;
    private const int MostBlocks = 256;
    private const int KnownBlocks = 200_000;

    /// <summary>What the gateway expects of an answer that it knows nothing of.</summary>
    private const int ExpectedOutput = 150;
    private const double LookSeconds = 1;
    private const double LastSecond = 36_000;

    private readonly VirtualClock _clock = new();
    private readonly SimulatedReplica[] _replicas;
    private readonly PrefixIndex<int> _index = new(KnownBlocks);
    private readonly RoutingPolicy _policy;
    private readonly Random _chance;
    private readonly List<RoutedPrompt> _prompts = [];
    private uint _turn;

    private RoutingRun(RoutingPolicy policy, int seed) =>
        (_policy, _chance, _replicas) = (policy, new(seed), [.. Enumerable.Range(0, Replicas).Select(_ => new SimulatedReplica(_clock))]);

    public static RoutingRun Play(RoutingPolicy policy, PromptLoad load, int seed)
    {
        var run = new RoutingRun(policy, seed);
        foreach (var conversation in load.Draw(new(seed))) run._clock.At(conversation.At, () => run.Say(conversation, turn: 0, said: conversation.SystemTokens));
        for (var second = LookSeconds; second < 2 * PromptLoad.Seconds; second += LookSeconds) run._clock.At(second, run.Look);
        run._clock.RunUntil(LastSecond);
        return run;
    }

    /// <summary>Prompts that are measured: those that came when the caches were warm.</summary>
    private IEnumerable<RoutedPrompt> Measured => _prompts.Where(prompt => prompt.At >= PromptLoad.WarmUpSeconds);

    public int Count => _prompts.Count;

    /// <summary>Part of the input tokens that were in a cache.</summary>
    public double HitRate => (double)Measured.Sum(prompt => (long)prompt.CachedTokens) / Measured.Sum(prompt => (long)prompt.InputTokens);

    /// <summary>Seconds from a prompt to its first token.</summary>
    public double FirstToken(double share) => Statistics.Percentile(Measured.Select(prompt => prompt.FirstTokenAt - prompt.At), share);

    /// <summary>Work of the busiest replica over that of the mean.</summary>
    public double MostToMean => Work.Max() / Work.Average();

    /// <summary>Jain's index of the work of all replicas: (Σx)² ÷ n·Σx², which is 1 when all have the same.</summary>
    public double Jain => Math.Pow(Work.Sum(), 2) / (Replicas * Work.Sum(work => work * work));

    private double[] Work => [.. Enumerable.Range(0, Replicas).Select(replica => (double)Measured.Where(prompt => prompt.Replica == replica).Sum(prompt => prompt.Work))];

    private void Look()
    {
        foreach (var replica in _replicas) replica.Look();
    }

    private void Say(Conversation conversation, int turn, int said)
    {
        var (now, input) = (conversation.Turns[turn], said + conversation.Turns[turn].Tokens);
        RoutedPrompt prompt = null!;
        prompt = new(conversation, input, now.OutputTokens, input + ExpectedOutput, _clock.Seconds)
        {
            OnFirstToken = () => prompt.FirstTokenAt = _clock.Seconds,
            OnEnd = () =>
            {
                if (turn + 1 < conversation.Turns.Count) _clock.After(conversation.Turns[turn + 1].PauseSeconds, () => Say(conversation, turn + 1, input + now.OutputTokens));
            },
        };
        prompt.Replica = Choose(prompt);
        _prompts.Add(prompt);
        _replicas[prompt.Replica].Add(prompt);
    }

    private int Choose(RoutedPrompt prompt)
    {
        ulong[] blocks = [.. Enumerable.Range(0, Math.Min(MostBlocks, prompt.InputTokens / GatewayBlockTokens)).Select(i => prompt.Conversation.Block(i, GatewayBlockTokens))];
        var prefix = _policy.Policy == ReplicaPolicy.Prefix;
        ReplicaLoad[] loads = [.. _replicas.Index().Select(replica => replica.Item.Load(prefix ? _index.Matched(replica.Index, blocks) : 0))];
        // Who sees no load finds no favourite hot.
        if (!_policy.SeesLoad) loads = [.. loads.Select(load => load with { OutstandingTokens = 0, Waiting = 0, KvUsage = 0, IsFull = false })];
        var chosen = ReplicaChoice.Choose(_policy.Policy, loads, ++_turn, (uint)_chance.NextInt64(uint.MaxValue));
        if (prefix) _index.Learn(chosen, blocks);
        return chosen;
    }
}

/// <param name="SeesLoad">False for the prefix policy without its escape hatch.</param>
internal sealed record RoutingPolicy(string Name, ReplicaPolicy Policy, bool SeesLoad = true);
