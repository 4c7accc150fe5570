using TokenLedger.Contracts;

namespace TokenLedger.Core.Metering;

/// <summary>The tokens of an entry, each counted once: cached input is not in input, reasoning not in output.</summary>
public readonly record struct TokenKinds(long Input, long CachedInput, long Output, long Reasoning)
{
    public static TokenKinds Of(TokensConsumed e)
    {
        ArgumentNullException.ThrowIfNull(e);
        return Of(e.InputTokens, e.CachedInputTokens, e.OutputTokens, e.ReasoningTokens);
    }

    public static TokenKinds Of(UsageCorrected e)
    {
        ArgumentNullException.ThrowIfNull(e);
        return Of(e.InputTokens, e.CachedInputTokens, e.OutputTokens, e.ReasoningTokens);
    }

    /// <summary>From the totals of a report, in which cached input is a part of input and reasoning a part of output.</summary>
    public static TokenKinds Of(long inputTokens, long cachedInputTokens, long outputTokens, long reasoningTokens) =>
        new(inputTokens - cachedInputTokens, cachedInputTokens, outputTokens - reasoningTokens, reasoningTokens);

    public static TokenKinds operator +(TokenKinds a, TokenKinds b) => new(a.Input + b.Input, a.CachedInput + b.CachedInput, a.Output + b.Output, a.Reasoning + b.Reasoning);
    public static TokenKinds Add(TokenKinds left, TokenKinds right) => left + right;

    public long this[PriceKind kind] => kind switch
    {
        PriceKind.Input => Input,
        PriceKind.CachedInput => CachedInput,
        PriceKind.Output => Output,
        PriceKind.Reasoning => Reasoning,
        _ => 0,
    };
}

/// <summary>An entry as it is known, with its corrections so far.</summary>
/// <param name="FirstCovered">Tokens that a commitment covered when the entry was charged first.</param>
/// <param name="Covered">Tokens that it covers now.</param>
public readonly record struct ChargedEntry(TokenKinds Tokens, long FirstCovered, long Covered);

/// <summary>A part of a charge: tokens of one kind under one category.</summary>
public readonly record struct ChargedPart(PriceKind Kind, PricingCategory Category, CommitmentStatus? Commitment, long Tokens, long Micros);

/// <summary>What an entry costs (domain.md §9). Rounding happens here and nowhere else: once for each entry, kind and part; all sums are of whole micro-units.</summary>
public static class Charging
{
    private const int Million = 1_000_000;
    private static readonly PriceKind[] s_order = [PriceKind.Input, PriceKind.CachedInput, PriceKind.Output, PriceKind.Reasoning];

    /// <summary>tokens · microsPerMillion / 10⁶, rounded half to even.</summary>
    public static long Micros(long tokens, long microsPerMillion)
    {
        var (whole, rest) = Int128.DivRem((Int128)tokens * microsPerMillion, Million);
        var twice = Int128.Abs(rest) * 2;
        var away = twice > Million || (twice == Million && Int128.IsOddInteger(whole));
        return (long)(away ? whole + Int128.CopySign(1, (Int128)tokens * microsPerMillion) : whole);
    }

    /// <summary>The category of what no commitment covers.</summary>
    public static PricingCategory CategoryOf(ServiceClass? serviceClass) =>
        serviceClass is ServiceClass.Spot or ServiceClass.Preemptible ? PricingCategory.Dynamic : PricingCategory.Standard;

    /// <summary>Divides an entry into its parts: the first tokens, in the order uncached input, cached input, visible output, reasoning, use up the commitment; the rest costs what its kind does.</summary>
    /// <param name="prices">Null when the model has no prices: the tokens are counted and cost nothing.</param>
    /// <param name="cover">Tokens of the commitment that are left for this entry; not asked for where no committed rate is set.</param>
    public static List<ChargedPart> Of(in TokenKinds tokens, ServiceClass? serviceClass, PriceList? prices, long cover)
    {
        var parts = new List<ChargedPart>(s_order.Length);
        var committed = prices?.RateOf(PriceKind.Committed, serviceClass);
        var left = committed is null ? 0 : cover;
        foreach (var kind in s_order)
        {
            var covered = Math.Min(tokens[kind], left);
            left -= covered;
            if (covered > 0) parts.Add(new(kind, PricingCategory.Committed, CommitmentStatus.Used, covered, Micros(covered, committed!.Value)));
            if (tokens[kind] - covered is > 0 and var rest)
                parts.Add(new(kind, CategoryOf(serviceClass), null, rest, Micros(rest, prices?.RateOf(kind, serviceClass) ?? 0)));
        }
        return parts;
    }

    /// <summary>What a correction changes: the parts of the entry as it is now known less those as it was known before, under the same prices and the same cover.</summary>
    public static List<ChargedPart> Change(IReadOnlyList<ChargedPart> before, IReadOnlyList<ChargedPart> after) =>
    [
        .. after.Concat(before.Select(part => part with { Tokens = -part.Tokens, Micros = -part.Micros }))
            .GroupBy(part => (part.Kind, part.Category, part.Commitment))
            .Select(g => new ChargedPart(g.Key.Kind, g.Key.Category, g.Key.Commitment, g.Sum(part => part.Tokens), g.Sum(part => part.Micros)))
            .Where(part => part.Tokens != 0 || part.Micros != 0),
    ];

    /// <summary>Tokens of these parts that used up the commitment.</summary>
    public static long CoveredOf(List<ChargedPart> parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        var covered = 0L;
        foreach (var part in parts)
            if (part.Commitment == CommitmentStatus.Used) covered += part.Tokens;
        return covered;
    }

    /// <summary>
    /// Under a closed period all its committed capacity has been charged already, what was not used as unused: covered tokens that come later take back as much of that,
    /// tokens and amount, as they cost.
    /// </summary>
    public static ChargedPart? Credit(IReadOnlyList<ChargedPart> parts)
    {
        var used = parts.Where(part => part.Commitment == CommitmentStatus.Used).ToList();
        return used.Count == 0 ? null : new(PriceKind.Committed, PricingCategory.Committed, CommitmentStatus.Unused, -used.Sum(part => part.Tokens), -used.Sum(part => part.Micros));
    }
}
