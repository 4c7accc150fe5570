namespace TokenLedger.Core.Routing;

/// <summary>Which servers have read each beginning of a prompt, told by hashes of its blocks; what was least recently read is forgotten.</summary>
/// <param name="most">Blocks that are remembered, over all servers.</param>
public sealed class PrefixIndex<TReplica>(int most) where TReplica : notnull
{
    private readonly Dictionary<(ulong Block, TReplica Replica), LinkedListNode<(ulong Block, TReplica Replica)>> _known = [];
    private readonly LinkedList<(ulong Block, TReplica Replica)> _used = [];

    /// <summary>How many blocks of this beginning the server has read.</summary>
    public int Matched(TReplica replica, IReadOnlyList<ulong> blocks)
    {
        ArgumentNullException.ThrowIfNull(blocks);
        for (var i = blocks.Count - 1; i >= 0; i--)
            if (_known.ContainsKey((blocks[i], replica))) return i + 1;
        return 0;
    }

    public void Learn(TReplica replica, IReadOnlyList<ulong> blocks)
    {
        ArgumentNullException.ThrowIfNull(blocks);
        foreach (var block in blocks)
        {
            if (_known.Remove((block, replica), out var old)) _used.Remove(old);
            _known[(block, replica)] = _used.AddLast((block, replica));
        }
        while (_known.Count > most)
        {
            _known.Remove(_used.First!.Value);
            _used.RemoveFirst();
        }
    }
}
