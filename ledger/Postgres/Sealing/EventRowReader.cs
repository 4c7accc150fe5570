using System.Buffers.Binary;
using System.Globalization;
using Npgsql;

namespace TokenLedger.Ledger.Sealing;

/// <summary>
/// Reads events as PostgreSQL sends them in a binary COPY, without an object per event: what is sealed is the bytes that are stored.
/// Alternate <see cref="TryRead"/> until it has no more and <see cref="FillAsync"/> until it returns false.
/// </summary>
public sealed class EventRowReader : IAsyncDisposable
{
    private const int FirstSize = 1 << 18;
    private const int Worthwhile = 1 << 16;
    private const int HeaderSize = 19;
    private const int HeaderExtension = 15;
    private const int Columns = 9;
    private const long UnixMicrosecondsOf2000 = 946_684_800_000_000;
    private readonly NpgsqlRawCopyStream _copy;
    private byte[] _buffer = new byte[FirstSize];
    private int _start, _end;
    private bool _pastHeader;

    private EventRowReader(NpgsqlRawCopyStream copy) => _copy = copy;

    /// <summary>Begins to read the events with positions above <paramref name="after"/> up to <paramref name="through"/>. The connection is busy until the reader is disposed of.</summary>
    public static async Task<EventRowReader> OpenAsync(NpgsqlConnection connection, long after, long through, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(connection);
        var sql = SqlText.SealedEvents
            .Replace("${after}", after.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            .Replace("${through}", through.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
        return new(await connection.BeginRawBinaryCopyAsync(sql, ct));
    }

    /// <summary>The next event among the bytes at hand; its spans stand until the next <see cref="FillAsync"/>.</summary>
    public bool TryRead(out EventFields e)
    {
        e = default;
        var bytes = _buffer.AsSpan(_start, _end - _start);
        if (!_pastHeader)
        {
            if (bytes.Length < HeaderSize) return false;
            var header = HeaderSize + BinaryPrimitives.ReadInt32BigEndian(bytes[HeaderExtension..]);
            if (bytes.Length < header) return false;
            (_start, _pastHeader) = (_start + header, true);
            bytes = bytes[header..];
        }
        var row = new Row(bytes);
        if (!row.Begin()) return false;
        if (!TryReadColumns(ref row, out e)) return false;
        _start += row.Read;
        return true;
    }

    /// <summary>Gets more bytes; false at the end.</summary>
    public async Task<bool> FillAsync(CancellationToken ct)
    {
        if (_start > 0) _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        (_start, _end) = (0, _end - _start);
        if (_end == _buffer.Length) Array.Resize(ref _buffer, _buffer.Length * 2);
        // Each read gives one row at most, and most of them wait for nothing.
        var (before, read) = (_end, 1);
        while (read > 0 && _end < _buffer.Length && _end - before < Worthwhile) _end += read = await _copy.ReadAsync(_buffer.AsMemory(_end), ct);
        return _end > before;
    }

    public ValueTask DisposeAsync() => _copy.DisposeAsync();

    private static bool TryReadColumns(scoped ref Row row, out EventFields e)
    {
        e = default;
        if (!row.Next(out var position, out _) || !row.Next(out var stream, out _) || !row.Next(out var version, out _) || !row.Next(out var id, out _)) return false;
        if (!row.Next(out var type, out _) || !row.Next(out var timestamp, out _) || !row.Next(out var data, out _)) return false;
        if (!row.Next(out var correlation, out var hasCorrelation) || !row.Next(out var causation, out var hasCausation)) return false;
        e.Position = BinaryPrimitives.ReadInt64BigEndian(position);
        e.Stream = stream;
        e.Version = BinaryPrimitives.ReadInt64BigEndian(version);
        e.Id = new(id, bigEndian: true);
        e.Type = type;
        // The two infinities stay beyond all years.
        var micros = BinaryPrimitives.ReadInt64BigEndian(timestamp);
        e.UnixMicroseconds = micros > long.MaxValue - UnixMicrosecondsOf2000 ? micros : micros + UnixMicrosecondsOf2000;
        // Before the text of a jsonb comes the version of its format.
        e.Data = data[1..];
        e.CorrelationId = correlation;
        e.HasCorrelationId = hasCorrelation;
        e.CausationId = causation;
        e.HasCausationId = hasCausation;
        return true;
    }

    /// <summary>A row in COPY's format: the number of its fields, then each with its length before it, -1 for null.</summary>
    private ref struct Row(ReadOnlySpan<byte> bytes)
    {
        private readonly ReadOnlySpan<byte> _bytes = bytes;

        public int Read { get; private set; }

        /// <summary>False at the end of the bytes, and at the mark that ends all rows.</summary>
        public bool Begin()
        {
            Read = sizeof(short);
            return _bytes.Length >= sizeof(short) && BinaryPrimitives.ReadInt16BigEndian(_bytes) is var columns && columns switch
            {
                Columns => true,
                -1 => false,
                _ => throw new InvalidOperationException($"An event came in {columns} columns."),
            };
        }

        public bool Next(out ReadOnlySpan<byte> field, out bool isThere)
        {
            field = [];
            isThere = false;
            if (_bytes.Length - Read < sizeof(int)) return false;
            var length = BinaryPrimitives.ReadInt32BigEndian(_bytes[Read..]);
            isThere = length >= 0;
            length = Math.Max(length, 0);
            if (_bytes.Length - Read - sizeof(int) < length) return false;
            field = _bytes.Slice(Read + sizeof(int), length);
            Read += sizeof(int) + length;
            return true;
        }
    }
}
