namespace TokenLedger.Core.Routing;

/// <summary>How a request's server is chosen: in turn; the better of two at random; the least loaded; or the one that has read the beginning of the prompt, unless it is hot.</summary>
public enum ReplicaPolicy { RoundRobin, RandomOfTwo, LeastLoaded, Prefix }

/// <summary>A server as it looks to the one who chooses.</summary>
/// <param name="Available">Neither ejected nor tried already.</param>
/// <param name="OutstandingTokens">Expected tokens of the gateway's own requests there.</param>
/// <param name="Waiting">Requests in the server's queue, by its metrics.</param>
/// <param name="KvUsage">Part of its KV cache that is in use, by its metrics.</param>
/// <param name="Share">Part of a full share that it may have: less than 1 when it came back a moment ago.</param>
/// <param name="MatchedBlocks">Blocks of the prompt's beginning that it has read before.</param>
/// <param name="IsFull">The gateway's own requests take all its slots: one more would wait there, however few tokens they are.</param>
public readonly record struct ReplicaLoad(bool Available, long OutstandingTokens, int Waiting, double KvUsage, double Share, int MatchedBlocks, bool IsFull = false);

/// <summary>Chooses among servers. Pure: turns and chance are passed in.</summary>
public static class ReplicaChoice
{
    /// <summary>What one request in a server's queue weighs, in tokens.</summary>
    private const long WaitingTokens = 500;

    /// <summary>A favourite is hot when it has no free slot and another has, or its load is twice that of the least loaded and more than this above it.</summary>
    private const long Slack = 2_000;
    private const double Twice = 2;

    /// <summary>A cache this full would have to drop what makes it the favourite.</summary>
    private const double FullCache = 0.95;

    /// <returns>The index of the chosen one; −1 when none is available.</returns>
    public static int Choose(ReplicaPolicy policy, ReadOnlySpan<ReplicaLoad> loads, uint turn, uint chance) => policy switch
    {
        ReplicaPolicy.RoundRobin => Next(loads, turn),
        ReplicaPolicy.RandomOfTwo => BetterOfTwo(loads, chance),
        ReplicaPolicy.LeastLoaded => LeastLoaded(loads, turn),
        _ => Favourite(loads, turn),
    };

    /// <summary>(outstanding tokens + 500 · queue + 1) · (1 + KV usage) ÷ share.</summary>
    public static double Load(in ReplicaLoad one) => (one.OutstandingTokens + WaitingTokens * one.Waiting + 1) * (1 + one.KvUsage) / one.Share;

    /// <summary>One with a free slot before one without, then the smaller load.</summary>
    private static bool IsBetter(in ReplicaLoad one, in ReplicaLoad other) => one.IsFull == other.IsFull ? Load(one) < Load(other) : other.IsFull;

    private static int Next(ReadOnlySpan<ReplicaLoad> loads, uint turn)
    {
        for (var i = 0; i < loads.Length; i++)
        {
            var at = (int)(((ulong)turn + (ulong)i) % (ulong)loads.Length);
            if (loads[at].Available) return at;
        }
        return -1;
    }

    private static int LeastLoaded(ReadOnlySpan<ReplicaLoad> loads, uint turn)
    {
        var best = -1;
        for (var i = 0; i < loads.Length; i++)
        {
            // Equal ones take turns.
            var at = (int)(((ulong)turn + (ulong)i) % (ulong)loads.Length);
            if (loads[at].Available && (best < 0 || IsBetter(loads[at], loads[best]))) best = at;
        }
        return best;
    }

    private static int BetterOfTwo(ReadOnlySpan<ReplicaLoad> loads, uint chance)
    {
        var first = Next(loads, chance);
        if (first < 0) return first;
        var second = Next(loads, (uint)first + 1 + (chance >> 16) % (uint)Math.Max(1, loads.Length - 1));
        return IsBetter(loads[second], loads[first]) ? second : first;
    }

    private static int Favourite(ReadOnlySpan<ReplicaLoad> loads, uint turn)
    {
        var least = LeastLoaded(loads, turn);
        var favourite = least;
        for (var i = 0; i < loads.Length; i++)
        {
            if (!loads[i].Available) continue;
            var more = loads[i].MatchedBlocks - loads[favourite].MatchedBlocks;
            if (more > 0 || more == 0 && IsBetter(loads[i], loads[favourite])) favourite = i;
        }
        return favourite == least || IsHot(loads[favourite], loads[least]) ? least : favourite;
    }

    private static bool IsHot(in ReplicaLoad favourite, in ReplicaLoad least) =>
        favourite.IsFull && !least.IsFull || Load(favourite) > Twice * Load(least) && Load(favourite) > Load(least) + Slack || favourite.KvUsage > FullCache && least.KvUsage < favourite.KvUsage;
}
