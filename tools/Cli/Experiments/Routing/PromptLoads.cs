namespace TokenLedger.Cli.Experiments;

/// <summary>A conversation: prompts that begin with a system prompt and with all that was said before.</summary>
/// <param name="At">When its first prompt comes.</param>
/// <param name="SystemPrompt">Which one it begins with; a number of its own when none is shared.</param>
/// <param name="SystemTokens">Length of that.</param>
internal sealed record Conversation(int Number, double At, int SystemPrompt, int SystemTokens, IReadOnlyList<PromptTurn> Turns)
{
    /// <summary>The name of a block of what was said: the same in all conversations while it lies in a shared system prompt.</summary>
    public ulong Block(int index, int blockTokens) =>
        (ulong)blockTokens << 56 | ((index + 1) * blockTokens <= SystemTokens ? (ulong)SystemPrompt << 24 : 1UL << 55 | (ulong)Number << 24) | (uint)index;
}

/// <param name="Tokens">What is said anew.</param>
/// <param name="PauseSeconds">From the last answer to this prompt.</param>
internal sealed record PromptTurn(int Tokens, int OutputTokens, double PauseSeconds);

/// <summary>A load of several tenants whose prompts share more or less.</summary>
internal sealed record PromptLoad(string Name, Func<Random, IEnumerable<Conversation>> Draw)
{
    /// <summary>Conversations begin so long; what comes in the first part of it warms the caches and is not measured.</summary>
    public const double Seconds = 180;
    public const double WarmUpSeconds = 60;

    public static IReadOnlyList<PromptLoad> All { get; } =
    [
        new("system-prompts", random => Single(random, perSecond: 30, Prompts(random, 48), hot: 0)),
        new("conversations", random => Arrivals(random, 2.5).Select((at, n) => new Conversation(n, at, n, 0,
            [.. Enumerable.Range(0, random.Next(3, 11)).Select(turn => new PromptTurn(turn == 0 ? random.Next(200, 1_001) : random.Next(50, 251), random.Next(100, 301), -10 * Math.Log(1 - random.NextDouble())))]))),
        new("unshared", random => Arrivals(random, 18).Select((at, n) => new Conversation(n, at, n, 0, [new(random.Next(200, 2_001), random.Next(50, 251), 0)]))),
        new("hot-prefix", random => Single(random, perSecond: 45, Prompts(random, 24), hot: 0.6)),
    ];

    /// <summary>Prompts of one turn that begin with one of the system prompts: the first with its own probability, the others by Zipf's law.</summary>
    private static IEnumerable<Conversation> Single(Random random, double perSecond, int[] prompts, double hot)
    {
        var weights = prompts.Select((_, rank) => hot > 0 && rank == 0 ? 0 : 1.0 / (rank + 1)).ToArray();
        var total = weights.Sum();
        return Arrivals(random, perSecond).Select((at, n) =>
        {
            var prompt = random.NextDouble() < hot ? 0 : Rank(random.NextDouble() * total);
            return new Conversation(n, at, prompt, prompts[prompt], [new(random.Next(50, 351), random.Next(50, 251), 0)]);
        });

        int Rank(double draw)
        {
            var rank = 0;
            while (rank < weights.Length - 1 && (draw -= weights[rank]) >= 0) rank++;
            return rank;
        }
    }

    private static int[] Prompts(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => random.Next(1_000, 3_001))];

    private static IEnumerable<double> Arrivals(Random random, double perSecond)
    {
        for (var at = -Math.Log(1 - random.NextDouble()) / perSecond; at < Seconds; at -= Math.Log(1 - random.NextDouble()) / perSecond) yield return at;
    }
}
