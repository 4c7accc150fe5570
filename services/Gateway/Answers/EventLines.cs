using System.Buffers;

namespace TokenLedger.Gateway.Answers;

/// <summary>Divides a stream of server-sent events into events, each with the empty line that ends it, and finds the data in them.</summary>
internal static class EventLines
{
    /// <summary>Takes the next whole event off the front.</summary>
    public static bool TryTake(ref ReadOnlySequence<byte> buffer, out ReadOnlySequence<byte> one)
    {
        var reader = new SequenceReader<byte>(buffer);
        while (reader.TryReadTo(out ReadOnlySequence<byte> line, (byte)'\n'))
            if (line.IsEmpty || line.Length == 1 && line.FirstSpan[0] == (byte)'\r')
            {
                one = buffer.Slice(0, reader.Position);
                buffer = buffer.Slice(reader.Position);
                return true;
            }
        one = default;
        return false;
    }

    /// <summary>Where the data of an event of one data line stand in it. Events of several data lines are not the APIs' own and are not looked into.</summary>
    public static Range? DataOf(ReadOnlySpan<byte> one)
    {
        Range? found = null;
        for (var from = 0; from < one.Length;)
        {
            var length = one[from..].IndexOf((byte)'\n');
            var to = length < 0 ? one.Length : from + length;
            var end = to > from && one[to - 1] == (byte)'\r' ? to - 1 : to;
            if (one[from..end].StartsWith("data:"u8))
            {
                if (found is not null) return null;
                var start = from + 5;
                found = (start < end && one[start] == (byte)' ' ? start + 1 : start)..end;
            }
            from = to + 1;
        }
        return found;
    }
}
