namespace TokenLedger.Cli.Plots;

/// <summary>
/// Letters as strokes of a pen, for pictures in pixels: no font file is needed and the same text gives the same pixels everywhere. A point is two digits, x from 0 and
/// y from 0 (the foot of a p) over 2 (the line) and 6 (the top of an x) to 8 (the top of an X); points of a stroke stand apart, strokes are divided by commas.
/// </summary>
internal static class StrokeFont
{
    private const int Line = 2;
    private const int Blank = 3;
    private const double Gap = 1.6;

    /// <summary>Units of the grid in one unit of font size.</summary>
    private const double UnitsPerEm = 8.4;

    private static readonly Dictionary<char, Glyph> s_glyphs = Read("""
        A02 28 42,14 34|B02 08 38 47 46 35 05,35 44 43 32 02|C47 38 18 07 03 12 32 43|D02 08 28 46 44 22 02|E48 08 02 42,05 35|F48 08 02,05 35
        G47 38 18 07 03 12 32 43 45 25|H02 08,42 48,05 45|I02 22,12 18,08 28|J38 33 22 12 03|K02 08,48 04,15 42|L08 02 42|M02 08 25 48 42|N02 08 42 48
        O18 38 47 43 32 12 03 07 18|P02 08 38 47 46 35 05|Q18 38 47 43 32 12 03 07 18,24 42|R02 08 38 47 46 35 05,25 42|S47 38 18 07 06 15 35 44 43 32 12 03
        T08 48,28 22|U08 03 12 32 43 48|V08 22 48|W08 12 26 32 48|X02 48,08 42|Y08 25 48,25 22|Z08 48 02 42
        a06 26 35 32,34 14 03 12 22 33|b08 02,05 16 26 35 33 22 12 03|c35 26 16 05 03 12 22 33|d38 32,35 26 16 05 03 12 22 33|e04 34 35 26 16 05 03 12 32
        f38 28 17 12,06 26|g36 31 20 10 01,35 26 16 05 03 12 22 33|h08 02,05 16 26 35 32|i02 06,08 08|j16 11 00,18 18|k08 02,36 04,14 32|l08 02
        m02 06,05 16 25 22,25 36 45 42|n02 06,05 16 26 35 32|o16 26 35 33 22 12 03 05 16|p00 06,05 16 26 35 33 22 12 03|q30 36,35 26 16 05 03 12 22 33
        r02 06,04 16 26|s35 26 16 05 14 24 33 22 12 03|t18 13 22 32,06 26|u06 03 12 22 33,36 32|v06 22 46|w06 12 25 32 46|x06 32,02 36|y06 22,46 10|z06 36 02 32
        018 28 37 33 22 12 03 07 18|107 18 12|207 18 28 37 36 02 32|307 18 28 37 36 25 15,25 34 33 22 12 03|422 28 04 34|538 08 05 25 34 33 22 12 03
        628 18 06 03 12 22 33 34 25 15 04|708 38 12|818 28 37 36 25 15 06 07 18,15 04 03 12 22 33 34 25|912 22 34 37 28 18 07 06 15 25 36
        .02 02|,12 01|:02 02,05 05|;05 05,02 01|-04 24|–04 34|+04 44,26 22|/02 38|%02 48,07 08 18 17 07,33 32 42 43 33|(18 06 04 12|)08 16 14 02|=05 35,03 33
        <36 04 32|>06 34 02|≤37 05 33,02 32|≥07 35 03,02 32|·05 05|_01 41|×05 33,03 35|÷04 44,26 26,22 22|'08 06|?07 18 28 37 36 24 23,22 22|!08 04,02 02|@35 26 16 05 04 13 23 34,37 34 43 46 37 28 18 07 03 12 32
        """);

    /// <summary>The strokes of a text that stands on y, beginning, centred or ending at x.</summary>
    public static IEnumerable<IReadOnlyList<Dot>> Strokes(string text, double x, double y, double size, Anchor anchor)
    {
        var unit = size / UnitsPerEm;
        x -= Width(text, size) * anchor switch { Anchor.Start => 0, Anchor.Middle => 0.5, _ => 1 };
        foreach (var letter in text)
        {
            var glyph = Find(letter);
            foreach (var stroke in glyph.Strokes)
                yield return [.. stroke.Select(point => new Dot(x + point.X * unit, y - (point.Y - Line) * unit))];
            x += (glyph.Width + Gap) * unit;
        }
    }

    public static double Width(string text, double size) => (text.Sum(letter => Find(letter).Width + Gap) - Gap) * size / UnitsPerEm;

    private static Glyph Find(char letter) => letter == ' ' ? new([], Blank) : s_glyphs.GetValueOrDefault(letter) ?? s_glyphs['?'];

    private static Dictionary<char, Glyph> Read(string letters) =>
        letters.Split(['|', '\n'], StringSplitOptions.RemoveEmptyEntries).ToDictionary(letter => letter[0], letter =>
        {
            var strokes = letter[1..].Split(',').Select(stroke => stroke.Split(' ').Select(point => new Dot(point[0] - '0', point[1] - '0')).ToArray()).ToArray();
            return new Glyph(strokes, strokes.Max(stroke => stroke.Max(point => point.X)));
        });

    private sealed record Glyph(Dot[][] Strokes, double Width);
}
