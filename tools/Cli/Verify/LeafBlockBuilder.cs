using System.Text;
using TokenLedger.Ledger.Sealing;

namespace TokenLedger.Cli.Verify;

/// <summary>Makes a block of events that come one after the other, until one does not.</summary>
internal sealed class LeafBlockBuilder(long first, int count)
{
    private readonly byte[] _leaves = new byte[count * Merkle.HashSize];
    private readonly List<StreamPlace> _places = new(count);
    private readonly EventSeal _seal = new();
    private readonly StreamNames _streams = new();
    private Finding? _fault;

    public bool IsDone => _fault is not null || _places.Count == count;

    /// <summary>The position that comes next.</summary>
    public long Next => first + _places.Count;

    public void Take(in EventFields e)
    {
        if (e.Position != Next)
        {
            _fault = e.Position > Next ? Missing() : new(Next, $"Position {e.Position} comes where position {Next} belongs.");
            return;
        }
        try
        {
            _seal.Leaf(e, _leaves.AsSpan(_places.Count * Merkle.HashSize, Merkle.HashSize));
            _places.Add(new(_streams.Of(e.Stream), e.Version));
        }
        catch (CanonicalFormException error)
        {
            Refuse(error.Message);
        }
    }

    /// <summary>What should be the next event cannot be read.</summary>
    public void Refuse(string reason) => _fault = new(Next, $"Position {Next}: the event cannot be read. {reason}");

    /// <summary>The block as it is; a fault when events are missing of those that were to come.</summary>
    public LeafBlock Build(ReadOnlyMemory<byte>? stored, bool mayBeShort = false)
    {
        if (!IsDone && !mayBeShort) _fault = Missing();
        return new(first, _leaves.AsMemory(0, _places.Count * Merkle.HashSize), _places, stored, _fault);
    }

    private Finding Missing() => new(Next, $"Position {Next}: there is no such event.");

    /// <summary>One string for each stream instead of one for each event: those met last are remembered.</summary>
    private sealed class StreamNames
    {
        private const int Slots = 256;
        private readonly (byte[] Utf8, string Text)[] _names = new (byte[], string)[Slots];

        public string Of(ReadOnlySpan<byte> utf8)
        {
            var hash = 0u;
            foreach (var b in utf8) hash = unchecked((hash ^ b) * 16_777_619);
            ref var name = ref _names[(hash ^ hash >> 16) % Slots];
            if (name.Utf8 is null || !utf8.SequenceEqual(name.Utf8)) name = (utf8.ToArray(), Encoding.UTF8.GetString(utf8));
            return name.Text;
        }
    }
}
