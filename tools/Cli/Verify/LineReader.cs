namespace TokenLedger.Cli.Verify;

/// <summary>Lines of a stream as bytes, one array for all. Alternate <see cref="TryRead"/> until it has no more and <see cref="FillAsync"/> until it returns false.</summary>
internal sealed class LineReader(Stream stream) : IAsyncDisposable
{
    private const int FirstSize = 1 << 18;
    // Longer than any event: the ledger takes none above the size of a request.
    private const int LongestLine = 1 << 28;
    private byte[] _buffer = new byte[FirstSize];
    private int _start, _end;
    private bool _ended;

    /// <summary>The next line without its end; it stands until the next <see cref="FillAsync"/>. Empty lines are passed over.</summary>
    public bool TryRead(out ReadOnlySpan<byte> line)
    {
        line = [];
        while (line.IsEmpty && _start < _end)
        {
            var rest = _buffer.AsSpan(_start, _end - _start);
            var length = rest.IndexOf((byte)'\n');
            if (length < 0 && !_ended) return false;
            line = length < 0 ? rest : rest[..length];
            _start += length < 0 ? rest.Length : length + 1;
        }
        return !line.IsEmpty;
    }

    /// <summary>Gets more bytes; false when there were none and the last line has been had.</summary>
    public async Task<bool> FillAsync(CancellationToken ct)
    {
        if (_ended) return false;
        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        (_start, _end) = (0, _end - _start);
        if (_end >= LongestLine) throw CommandFailure.Failed($"A line is longer than {LongestLine} bytes.");
        if (_end == _buffer.Length) Array.Resize(ref _buffer, _buffer.Length * 2);
        var read = await stream.ReadAsync(_buffer.AsMemory(_end), ct);
        _end += read;
        _ended = read == 0;
        return !_ended || _end > 0;
    }

    public ValueTask DisposeAsync() => stream.DisposeAsync();
}
