using System.Buffers.Binary;
using System.IO.Compression;

namespace TokenLedger.Cli.Plots;

/// <summary>Portable Network Graphics (ISO/IEC 15948), the one kind needed: 8 bits each of red, green and blue.</summary>
internal static class Png
{
    private const int Channels = 3;
    private static readonly byte[] s_signature = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A];

    public static byte[] Encode(int width, int height, ReadOnlySpan<byte> pixels)
    {
        Span<byte> header = stackalloc byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header[4..], height);
        (header[8], header[9]) = (8, 2);
        var file = new MemoryStream();
        file.Write(s_signature);
        Write(file, "IHDR"u8, header);
        Write(file, "IDAT"u8, Compress(width * Channels, pixels));
        Write(file, "IEND"u8, []);
        return file.ToArray();
    }

    /// <summary>Each row is told by its difference to the one above, which is mostly none.</summary>
    private static byte[] Compress(int rowBytes, ReadOnlySpan<byte> pixels)
    {
        const byte Up = 2;
        var data = new MemoryStream();
        using (var zlib = new ZLibStream(data, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            var row = new byte[rowBytes];
            for (var at = 0; at < pixels.Length; at += rowBytes)
            {
                for (var i = 0; i < rowBytes; i++) row[i] = unchecked((byte)(pixels[at + i] - (at == 0 ? 0 : pixels[at + i - rowBytes])));
                zlib.WriteByte(Up);
                zlib.Write(row);
            }
        }
        return data.ToArray();
    }

    private static void Write(MemoryStream file, ReadOnlySpan<byte> kind, ReadOnlySpan<byte> data)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        file.Write(number);
        file.Write(kind);
        file.Write(data);
        BinaryPrimitives.WriteUInt32BigEndian(number, Crc([.. kind, .. data]));
        file.Write(number);
    }

    /// <summary>The cyclic redundancy check of the format (its annex D).</summary>
    private static uint Crc(byte[] data)
    {
        var crc = uint.MaxValue;
        foreach (var next in data)
        {
            crc ^= next;
            for (var bit = 0; bit < 8; bit++) crc = (crc & 1) == 0 ? crc >> 1 : 0xEDB88320 ^ crc >> 1;
        }
        return ~crc;
    }
}
