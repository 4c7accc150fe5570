namespace TokenLedger.Engine;

/// <summary>A block of the KV cache. One that is full has a key, the hash of all tokens up to its end, by which other sequences find it.</summary>
internal sealed class KvBlock
{
    public ulong? Key { get; set; }
    public int Users { get; set; }
    public LinkedListNode<KvBlock>? Free { get; set; }
}

/// <summary>
/// The KV cache in blocks of 16 tokens with prefix caching: full blocks are shared by sequences that begin with the same tokens, and stay for later ones
/// until their place is needed, the least recently used first (as vLLM's automatic prefix caching does).
/// </summary>
internal sealed class KvCache(int blocks)
{
    public const int BlockTokens = EngineOptions.BlockTokens;
    private readonly Dictionary<ulong, KvBlock> _full = [];
    private readonly LinkedList<KvBlock> _free = new(Enumerable.Range(0, blocks).Select(_ => new KvBlock()));
    private bool _linked;

    public double Usage => 1 - (double)_free.Count / blocks;

    /// <summary>Gives a sequence the blocks for all its known tokens, those of its beginning from the cache.</summary>
    /// <returns>False when there are not enough; then nothing has changed.</returns>
    public bool TryStart(Sequence sequence)
    {
        Link();
        var shared = Find(sequence);
        var needed = BlocksFor(sequence.Known + 1) - shared.Count;
        if (needed > _free.Count - shared.Count(block => block.Users == 0)) return false;
        foreach (var block in shared) Use(block, sequence);
        for (var i = 0; i < needed; i++) Use(Take(), sequence);
        sequence.Start(shared.Count * BlockTokens);
        return true;
    }

    /// <summary>Makes room for one more token.</summary>
    public bool TryGrow(Sequence sequence)
    {
        if (sequence.Blocks.Count * BlockTokens > sequence.Computed) return true;
        if (_free.Count == 0) return false;
        Use(Take(), sequence);
        return true;
    }

    /// <summary>Names the blocks that were filled, so that others find them.</summary>
    public void Filled(Sequence sequence, int before)
    {
        for (var i = before / BlockTokens; i < sequence.Computed / BlockTokens; i++)
        {
            var key = KeyOf(sequence, i, i == 0 ? 0 : sequence.Blocks[i - 1].Key ?? KeyUpTo(sequence, i - 1));
            if (sequence.Blocks[i].Key is null && _full.TryAdd(key, sequence.Blocks[i])) sequence.Blocks[i].Key = key;
        }
    }

    /// <summary>Takes the blocks back. The last goes first when room is needed, as the beginnings are the most shared.</summary>
    public void Release(Sequence sequence)
    {
        for (var i = sequence.Blocks.Count - 1; i >= 0; i--)
            if (--sequence.Blocks[i].Users == 0) sequence.Blocks[i].Free = sequence.Blocks[i].Key is null ? _free.AddFirst(sequence.Blocks[i]) : _free.AddLast(sequence.Blocks[i]);
        sequence.Blocks.Clear();
    }

    public static int BlocksFor(int tokens) => (tokens + BlockTokens - 1) / BlockTokens;

    /// <summary>Full blocks that the sequence begins with; at least its last token is always computed.</summary>
    private List<KvBlock> Find(Sequence sequence)
    {
        List<KvBlock> found = [];
        ulong key = 0;
        for (var i = 0; (i + 1) * BlockTokens < sequence.Known; i++)
        {
            key = KeyOf(sequence, i, key);
            if (!_full.TryGetValue(key, out var block)) break;
            found.Add(block);
        }
        return found;
    }

    private KvBlock Take()
    {
        var block = _free.First!.Value;
        if (block.Key is { } key) _full.Remove(key);
        block.Key = null;
        return block;
    }

    private void Use(KvBlock block, Sequence sequence)
    {
        if (block.Users++ == 0)
        {
            _free.Remove(block.Free!);
            block.Free = null;
        }
        sequence.Blocks.Add(block);
    }

    private void Link()
    {
        if (_linked) return;
        for (var node = _free.First; node is not null; node = node.Next) node.Value.Free = node;
        _linked = true;
    }

    private static ulong KeyUpTo(Sequence sequence, int block)
    {
        ulong key = 0;
        for (var i = 0; i <= block; i++) key = KeyOf(sequence, i, key);
        return key;
    }

    private static ulong KeyOf(Sequence sequence, int block, ulong before)
    {
        var key = before;
        for (var i = 0; i < BlockTokens; i++) key = Hash.Mix(key, sequence.TokenAt(block * BlockTokens + i));
        return key;
    }
}
