namespace TokenLedger.Cli.Reconcile;

/// <summary>Tokens of each kind.</summary>
internal readonly record struct Counts(long Input, long CachedInput, long Output, long Reasoning)
{
    public static Counts operator +(Counts a, Counts b) => new(a.Input + b.Input, a.CachedInput + b.CachedInput, a.Output + b.Output, a.Reasoning + b.Reasoning);

    public static Counts operator -(Counts a, Counts b) => new(a.Input - b.Input, a.CachedInput - b.CachedInput, a.Output - b.Output, a.Reasoning - b.Reasoning);

    /// <summary>Of the kinds that both sides know; the others are not compared.</summary>
    public Counts Only(bool[] kinds) => new(kinds[0] ? Input : 0, kinds[1] ? CachedInput : 0, kinds[2] ? Output : 0, kinds[3] ? Reasoning : 0);

    public IEnumerable<(string Name, long Tokens)> Of(bool[] kinds) => TokenKinds.Names.Zip([Input, CachedInput, Output, Reasoning]).Where((_, i) => kinds[i]);
}

/// <summary>The kinds of tokens by the names they have in the API.</summary>
internal static class TokenKinds
{
    public static IReadOnlyList<string> Names { get; } = ["inputTokens", "cachedInputTokens", "outputTokens", "reasoningTokens"];
}
