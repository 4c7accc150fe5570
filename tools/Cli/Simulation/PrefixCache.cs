namespace TokenLedger.Cli.Simulation;

/// <summary>
/// The KV cache of a replica in blocks of 16 tokens. Blocks that were read stay until their place is needed, the least recently used first, and serve every later prompt that begins with them
/// (vLLM's automatic prefix caching). Blocks are told by a hash of everything up to their end.
/// </summary>
internal sealed class PrefixCache(int blocks)
{
    public const int BlockTokens = 16;
    private readonly Dictionary<ulong, Block> _known = [];
    private readonly LinkedList<ulong> _idle = [];

    /// <summary>Blocks in use without a name, as nobody has read them yet.</summary>
    private int _nameless;

    /// <summary>Part of the blocks that running sequences hold.</summary>
    public double Usage => (double)(_nameless + _known.Count - _idle.Count) / blocks;

    /// <summary>Takes the blocks of a sequence.</summary>
    /// <param name="prompt">Names of its full blocks; at least its last token is always read, so the block of that is not among them.</param>
    /// <param name="total">Blocks that it will need up to its end.</param>
    /// <returns>How many it begins with are here already; null when there is no room, and then nothing has changed.</returns>
    public int? TryStart(ReadOnlySpan<ulong> prompt, int total)
    {
        var (shared, woken) = (0, 0);
        while (shared < prompt.Length && _known.TryGetValue(prompt[shared], out var block))
        {
            shared++;
            if (block.Users == 0) woken++;
        }
        var needed = total - shared;
        if (needed > blocks - _nameless - _known.Count + _idle.Count - woken) return null;
        foreach (var name in prompt[..shared]) Use(name);
        while (_nameless + _known.Count + needed > blocks)
        {
            _known.Remove(_idle.First!.Value);
            _idle.RemoveFirst();
        }
        _nameless += needed;
        return shared;
    }

    /// <summary>Gives blocks back that were all read by now. Their last goes first when room is needed, as beginnings are what is shared.</summary>
    /// <param name="names">Names of all its full blocks.</param>
    /// <param name="named">How many of them it holds by their names: those it shared, and those that <see cref="Read"/> named.</param>
    public void End(ReadOnlySpan<ulong> names, int named, int total)
    {
        _nameless -= total - named;
        for (var i = names.Length - 1; i >= 0; i--)
            if (i < named) Release(names[i]);
            // One that another sequence has made as well is not kept twice.
            else if (!_known.ContainsKey(names[i])) _known[names[i]] = new() { Idle = _idle.AddLast(names[i]) };
    }

    /// <summary>Names blocks that were read, so that others find them.</summary>
    /// <returns>How many blocks are held by their names from now on: one that another sequence has named meanwhile ends the row.</returns>
    public int Read(ReadOnlySpan<ulong> prompt, int shared)
    {
        var named = shared;
        while (named < prompt.Length && _known.TryAdd(prompt[named], new() { Users = 1 })) named++;
        _nameless -= named - shared;
        return named;
    }

    private void Use(ulong name)
    {
        var block = _known[name];
        if (block.Users++ > 0) return;
        _idle.Remove(block.Idle!);
        block.Idle = null;
    }

    private void Release(ulong name)
    {
        var block = _known[name];
        if (--block.Users == 0) block.Idle = _idle.AddLast(name);
    }

    private sealed class Block
    {
        public int Users { get; set; }
        public LinkedListNode<ulong>? Idle { get; set; }
    }
}
