using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Npgsql;

namespace TokenLedger.Ledger;

/// <summary>
/// Rows in PostgreSQL's binary COPY format, made in memory and sent in one piece: the quickest way in. The columns are the caller's to keep in the order of its statement.
/// </summary>
public sealed class CopyRows
{
    private const int RowSize = 512;
    private const long TicksOf2000 = 630_822_816_000_000_000;
    private static readonly byte[] s_header = [.. "PGCOPY\n"u8, 0xFF, (byte)'\r', (byte)'\n', 0, 0, 0, 0, 0, 0, 0, 0, 0];
    private readonly ArrayBufferWriter<byte> _bytes;

    /// <param name="rows">About how many are to come.</param>
    public CopyRows(int rows)
    {
        _bytes = new(s_header.Length + sizeof(short) + rows * RowSize);
        _bytes.Write(s_header);
    }

    public void BeginRow(short columns)
    {
        BinaryPrimitives.WriteInt16BigEndian(_bytes.GetSpan(sizeof(short)), columns);
        _bytes.Advance(sizeof(short));
    }

    public void Add(long value) => BinaryPrimitives.WriteInt64BigEndian(Field(sizeof(long)), value);

    public void Add(short value) => BinaryPrimitives.WriteInt16BigEndian(Field(sizeof(short)), value);

    public void Add(bool value) => Field(sizeof(bool))[0] = (byte)(value ? 1 : 0);

    public void Add(Guid value) => value.TryWriteBytes(Field(16), bigEndian: true, out _);

    /// <summary>A timestamptz: microseconds since 2000, what is below them cut off.</summary>
    public void Add(DateTimeOffset value) => Add((value.UtcTicks - TicksOf2000) / TimeSpan.TicksPerMicrosecond);

    public void Add(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        Encoding.UTF8.GetBytes(value, Field(Encoding.UTF8.GetByteCount(value)));
    }

    /// <summary>Sends the rows with a statement <c>copy … from stdin (format binary)</c>. Nothing may be added afterwards.</summary>
    public async Task SendAsync(NpgsqlConnection connection, string copy, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(connection);
        BeginRow(-1);
        await using var stream = await connection.BeginRawBinaryCopyAsync(copy, ct);
        await stream.WriteAsync(_bytes.WrittenMemory, ct);
    }

    private Span<byte> Field(int length)
    {
        var field = _bytes.GetSpan(sizeof(int) + length);
        BinaryPrimitives.WriteInt32BigEndian(field, length);
        _bytes.Advance(sizeof(int) + length);
        return field.Slice(sizeof(int), length);
    }
}
