namespace TokenLedger.Gateway.Upstreams;

/// <summary>Which server has last read each beginning of a prompt; the least recently used are forgotten.</summary>
internal sealed class PrefixIndex(int most)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ulong, LinkedListNode<(ulong Block, Replica Replica)>> _known = [];
    private readonly LinkedList<(ulong Block, Replica Replica)> _used = [];

    /// <summary>How many blocks of this beginning the server has read.</summary>
    public int Matched(Replica replica, IReadOnlyList<ulong> blocks)
    {
        lock (_lock)
        {
            for (var i = blocks.Count - 1; i >= 0; i--)
                if (_known.TryGetValue(blocks[i], out var node) && node.Value.Replica == replica) return i + 1;
            return 0;
        }
    }

    public void Learn(Replica replica, IReadOnlyList<ulong> blocks)
    {
        lock (_lock)
        {
            foreach (var block in blocks)
            {
                if (_known.Remove(block, out var old)) _used.Remove(old);
                _known[block] = _used.AddLast((block, replica));
            }
            while (_known.Count > most)
            {
                _known.Remove(_used.First!.Value.Block);
                _used.RemoveFirst();
            }
        }
    }
}
