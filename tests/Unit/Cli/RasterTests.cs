using System.Buffers.Binary;
using System.IO.Compression;
using TokenLedger.Cli.Plots;

namespace TokenLedger.Tests.Unit.Cli;

/// <summary>Pictures in pixels, read back from their PNG.</summary>
public sealed class RasterTests
{
    private const int Red = 0xB02A30;

    [Fact]
    public void Draws_boxes_lines_and_letters_where_they_belong()
    {
        var drawing = new Drawing(40, 30).Box(5, 5, 10, 10, "#b02a30").Line(new(20, 10.5), new(38, 10.5), "#b02a30").Text(2, 28, "L", colour: "#b02a30");
        var pixels = Read(Raster.ToPng(drawing), out var size);
        Assert.Equal((40, 30), size);
        Assert.Equal(0xFFFFFF, pixels[0, 0]);
        Assert.Equal(Red, pixels[7, 7]);
        Assert.Equal(0xFFFFFF, pixels[16, 7]);
        Assert.Equal(Red, pixels[30, 10]);
        Assert.Equal(0xFFFFFF, pixels[30, 13]);
        Assert.NotEqual(0xFFFFFF, pixels[2, 24]);
        Assert.Equal(0xFFFFFF, pixels[7, 22]);
    }

    [Fact]
    public void Cuts_a_dashed_line_into_its_dashes()
    {
        var pixels = Read(Raster.ToPng(new Drawing(40, 5).Path([new(0, 2.5), new(10, 2.5), new(40, 2.5)], "#b02a30", 1, [6, 4])), out _);
        Assert.Equal([true, false, true, false, true, false, true, false], ((int[])[3, 8, 13, 18, 23, 28, 33, 38]).Select(x => pixels[x, 2] == Red));
    }

    [Fact]
    public void Knows_every_letter_of_the_pictures()
    {
        const string letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.,:;-–+/%()=<>≤≥·_×÷'!?@ ";
        Assert.All(letters, letter => Assert.True(letter is '?' or ' ' || !Same(letter, '?'), $"'{letter}' has no strokes."));

        static bool Same(char a, char b) => StrokeFont.Strokes(a.ToString(), 0, 0, 12, Anchor.Start).SelectMany(stroke => stroke).SequenceEqual(StrokeFont.Strokes(b.ToString(), 0, 0, 12, Anchor.Start).SelectMany(stroke => stroke));
    }

    [Fact]
    public void Leaves_a_gap_where_a_curve_has_no_value()
    {
        var chart = new Chart("t", "c", "x", "y", [new("p", [new("a", [new(0, 1), new(1, 2), new(2, double.NaN), new(3, 1), new(4, 2)], 0)])], 1);
        Assert.Equal(2, chart.Draw().Shapes.OfType<Drawing.PathShape>().Count(path => path.Width == 1.5));
    }

    [Theory]
    [InlineData(0, 10, 0, 10, 2)]
    [InlineData(0, 0.9, 0, 0.9, 0.1)]
    [InlineData(-1.2, 0.7, -1.2, 0.8, 0.2)]
    [InlineData(0, 0, 0, 0, 0)]
    public void Divides_an_axis_into_round_steps(double lowest, double highest, double start, double end, double step)
    {
        var axis = Axis.Of(lowest, highest);
        if (step > 0) Assert.Equal((start, end, step), (Math.Round(axis.Start, 9), Math.Round(axis.End, 9), Math.Round(axis.Step, 9)));
        Assert.True(axis.End > axis.Start);
        Assert.InRange(axis.Ticks.Count(), 2, 12);
    }

    private static int[,] Read(byte[] png, out (int Width, int Height) size)
    {
        Assert.Equal([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], png[..8]);
        size = (BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(16)), BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(20)));
        // The check sum of an empty end is the same in every PNG.
        Assert.Equal([0, 0, 0, 0, (byte)'I', (byte)'E', (byte)'N', (byte)'D', 0xAE, 0x42, 0x60, 0x82], png[^12..]);
        var length = BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(33));
        using var zlib = new ZLibStream(new MemoryStream(png, 41, length), CompressionMode.Decompress);
        var (pixels, above, row) = (new int[size.Width, size.Height], new byte[3 * size.Width], new byte[3 * size.Width]);
        for (var y = 0; y < size.Height; y++)
        {
            Assert.Equal(2, zlib.ReadByte());
            zlib.ReadExactly(row);
            for (var i = 0; i < row.Length; i++) above[i] = unchecked((byte)(above[i] + row[i]));
            for (var x = 0; x < size.Width; x++) pixels[x, y] = above[3 * x] << 16 | above[3 * x + 1] << 8 | above[3 * x + 2];
        }
        return pixels;
    }
}
