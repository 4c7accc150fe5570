using System.Globalization;

namespace TokenLedger.Cli.Plots;

/// <summary>A drawing in pixels, edges smoothed by how much of a pixel a line covers.</summary>
internal sealed class Raster
{
    private readonly int _width;
    private readonly int _height;
    private readonly byte[] _pixels;
    private readonly float[] _cover;

    private Raster(int width, int height)
    {
        (_width, _height, _pixels, _cover) = (width, height, new byte[3 * width * height], new float[width * height]);
        Array.Fill(_pixels, byte.MaxValue);
    }

    /// <summary>The drawing as a PNG file.</summary>
    public static byte[] ToPng(Drawing drawing)
    {
        var raster = new Raster(drawing.Width, drawing.Height);
        foreach (var shape in drawing.Shapes)
        {
            switch (shape)
            {
                case Drawing.BoxShape box: raster.Fill(box); break;
                case Drawing.PathShape path: raster.Stroke([.. path.Dash.Length == 0 ? [path.Points] : Dashes(path.Points, path.Dash)], path.Width, path.Colour); break;
                case Drawing.TextShape text:
                    raster.Stroke([.. StrokeFont.Strokes(text.Value, text.X, text.Y, text.Size, text.Anchor)], text.Size / 12 * (text.Bold ? 1.9 : 1.15), text.Colour);
                    break;
            }
        }
        return Png.Encode(raster._width, raster._height, raster._pixels);
    }

    private void Fill(Drawing.BoxShape box)
    {
        for (var y = Math.Max(0, (int)box.Y); y < Math.Min(_height, box.Y + box.Height); y++)
            for (var x = Math.Max(0, (int)box.X); x < Math.Min(_width, box.X + box.Width); x++)
                Blend(y * _width + x, Overlap(x, box.X, box.Width) * Overlap(y, box.Y, box.Height), box.Colour);
    }

    /// <summary>How much of the pixel at a place lies in an interval.</summary>
    private static double Overlap(int pixel, double start, double length) => Math.Clamp(Math.Min(pixel + 1, start + length) - Math.Max(pixel, start), 0, 1);

    /// <summary>Lines with round ends. Where they cross themselves a pixel is covered once.</summary>
    private void Stroke(IReadOnlyList<IReadOnlyList<Dot>> lines, double width, string colour)
    {
        var touched = new List<int>();
        foreach (var line in lines)
            for (var i = 0; i < Math.Max(1, line.Count - 1); i++) Cover(line[i], line[Math.Min(i + 1, line.Count - 1)], width / 2, touched);
        foreach (var pixel in touched)
        {
            Blend(pixel, _cover[pixel], colour);
            _cover[pixel] = 0;
        }
    }

    private void Cover(Dot a, Dot b, double radius, List<int> touched)
    {
        var margin = radius + 1;
        for (var y = Math.Max(0, (int)(Math.Min(a.Y, b.Y) - margin)); y <= Math.Min(_height - 1, Math.Max(a.Y, b.Y) + margin); y++)
            for (var x = Math.Max(0, (int)(Math.Min(a.X, b.X) - margin)); x <= Math.Min(_width - 1, Math.Max(a.X, b.X) + margin); x++)
            {
                var cover = (float)Math.Clamp(radius + 0.5 - Distance(new(x + 0.5, y + 0.5), a, b), 0, 1);
                var pixel = y * _width + x;
                if (cover <= _cover[pixel]) continue;
                if (_cover[pixel] == 0) touched.Add(pixel);
                _cover[pixel] = cover;
            }
    }

    private static double Distance(Dot p, Dot a, Dot b)
    {
        var (dx, dy) = (b.X - a.X, b.Y - a.Y);
        var length = dx * dx + dy * dy;
        var t = length == 0 ? 0 : Math.Clamp(((p.X - a.X) * dx + (p.Y - a.Y) * dy) / length, 0, 1);
        return double.Hypot(p.X - a.X - t * dx, p.Y - a.Y - t * dy);
    }

    private void Blend(int pixel, double cover, string colour)
    {
        var value = int.Parse(colour.AsSpan(1), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        for (var channel = 0; channel < 3; channel++)
        {
            ref var old = ref _pixels[3 * pixel + channel];
            old = (byte)Math.Round(old + ((value >> (16 - 8 * channel) & 0xFF) - old) * cover);
        }
    }

    /// <summary>Cuts a line into its dashes.</summary>
    private static IEnumerable<IReadOnlyList<Dot>> Dashes(IReadOnlyList<Dot> points, double[] pattern)
    {
        var (part, left, dash) = (0, pattern[0], new List<Dot> { points[0] });
        for (var i = 1; i < points.Count; i++)
        {
            var (from, to) = (points[i - 1], points[i]);
            var (length, walked) = (double.Hypot(to.X - from.X, to.Y - from.Y), 0.0);
            while (length - walked > left)
            {
                walked += left;
                var at = new Dot(from.X + (to.X - from.X) * walked / length, from.Y + (to.Y - from.Y) * walked / length);
                if (part % 2 == 0) yield return [.. dash, at];
                dash = [at];
                left = pattern[++part % pattern.Length];
            }
            left -= length - walked;
            dash.Add(to);
        }
        if (part % 2 == 0) yield return dash;
    }
}
