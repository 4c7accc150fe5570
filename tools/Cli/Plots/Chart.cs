using System.Globalization;

namespace TokenLedger.Cli.Plots;

/// <summary>A line of a panel.</summary>
/// <param name="Colour">Index into the colours; lines of one subject keep theirs in every panel.</param>
internal sealed record Curve(string Name, IReadOnlyList<Dot> Points, int Colour, bool Dashed = false, bool Marked = false);

/// <summary>One pair of axes.</summary>
/// <param name="Highest">The y axis reaches at least up to here, so that panels side by side can be compared.</param>
internal sealed record Panel(string Title, IReadOnlyList<Curve> Curves, double Highest = 0)
{
    public double Lowest => Math.Min(0, Curves.SelectMany(curve => curve.Points).Select(point => point.Y).Where(double.IsFinite).DefaultIfEmpty().Min());
    public double Top => Math.Max(Highest, Curves.SelectMany(curve => curve.Points).Select(point => point.Y).Where(double.IsFinite).DefaultIfEmpty().Max());
}

/// <summary>Panels in a grid with one x axis and parts of it shaded.</summary>
internal sealed record Chart(string Title, string Caption, string XAxis, string YAxis, IReadOnlyList<Panel> Panels, int Columns)
{
    private const int PanelWidth = 470;
    private const int PanelHeight = 240;
    private const int Head = 64;
    private const int Margin = 10;
    private const int Left = 58;
    private const int Right = 14;
    private const int Top = 46;
    private const int Bottom = 40;
    private static readonly string[] s_colours = ["#1f5fa8", "#d9700b", "#2b8a3e", "#8e3b9e", "#b02a30", "#5c5c5c"];
    private static readonly double[] s_dash = [5, 4];

    /// <summary>Parts of the x axis that are shaded.</summary>
    public IReadOnlyList<(double From, double To)> Shaded { get; init; } = [];

    public Drawing Draw()
    {
        var rows = (Panels.Count + Columns - 1) / Columns;
        var drawing = new Drawing(Columns * PanelWidth, Head + rows * PanelHeight);
        drawing.Text(Margin, 26, Title, size: 16, bold: true);
        drawing.Text(Margin, 46, Caption, colour: "#555555");
        var end = Panels.SelectMany(panel => panel.Curves).SelectMany(curve => curve.Points).Max(point => point.X);
        foreach (var (index, panel) in Panels.Index())
            new Frame(drawing, index % Columns * PanelWidth + Left, Head + index / Columns * PanelHeight + Top, Axis.Of(0, end) with { End = end }, Axis.Of(panel.Lowest, panel.Top)).Draw(this, panel);
        return drawing;
    }

    /// <summary>Where a panel stands, and what its axes span.</summary>
    private sealed record Frame(Drawing Drawing, double X, double Y, Axis Across, Axis Up)
    {
        private const double Width = PanelWidth - Left - Right;
        private const double Height = PanelHeight - Top - Bottom;

        public void Draw(Chart chart, Panel panel)
        {
            foreach (var (from, to) in chart.Shaded)
                Drawing.Box(Place(from, 0).X, Y, Place(Math.Min(to, Across.End), 0).X - Place(from, 0).X, Height, "#eeeeee");
            foreach (var tick in Up.Ticks)
            {
                Drawing.Line(Place(Across.Start, tick), Place(Across.End, tick), tick == 0 ? "#888888" : "#dddddd");
                Drawing.Text(X - 6, Place(0, tick).Y + 4, Axis.Number(tick), Anchor.End, 11);
            }
            foreach (var tick in Across.Ticks) Drawing.Text(Place(tick, 0).X, Y + Height + 16, Axis.Number(tick), Anchor.Middle, 11);
            Drawing.Text(X + Width, Y + Height + 32, chart.XAxis, Anchor.End, 11, colour: "#555555");
            Drawing.Text(X - Left + Margin, Y - 26, panel.Title, bold: true);
            Drawing.Text(X - Left + Margin, Y - 9, chart.YAxis, size: 11, colour: "#555555");
            Legend(chart, panel);
            foreach (var curve in panel.Curves) Draw(curve);
        }

        private void Draw(Curve curve)
        {
            var colour = s_colours[curve.Colour % s_colours.Length];
            var run = new List<Dot>();
            foreach (var point in curve.Points.Append(new(double.NaN, double.NaN)))
            {
                if (double.IsFinite(point.Y))
                {
                    run.Add(Place(point.X, point.Y));
                    if (curve.Marked) Drawing.Box(run[^1].X - 2.5, run[^1].Y - 2.5, 5, 5, colour);
                    continue;
                }
                if (run.Count > 0) Drawing.Path([.. run], colour, 1.5, curve.Dashed ? s_dash : []);
                run.Clear();
            }
        }

        private void Legend(Chart chart, Panel panel)
        {
            // Beside the title, or below it where no y axis is named; what finds no room there goes to the other of the two lines.
            (double Above, double From)[] lines = [(26, From(panel.Title, 12)), (9, From(chart.YAxis, 11))];
            if (chart.YAxis.Length == 0) Array.Reverse(lines);
            var (line, x) = (0, X + Width);
            foreach (var curve in panel.Curves.Reverse())
            {
                if (curve.Name.Length == 0) continue;
                if (line == 0 && x - StrokeFont.Width(curve.Name, 11) - 24 < lines[line].From) (line, x) = (1, X + Width);
                x -= StrokeFont.Width(curve.Name, 11);
                var y = Y - lines[line].Above;
                Drawing.Text(x, y, curve.Name, size: 11);
                Drawing.Path([new(x - 24, y - 4), new(x - 5, y - 4)], s_colours[curve.Colour % s_colours.Length], 2, curve.Dashed ? s_dash : []);
                x -= 36;
            }

            double From(string text, double size) => X - Left + Margin + (text.Length == 0 ? 0 : StrokeFont.Width(text, size) + Margin);
        }

        private Dot Place(double x, double y) => new(X + (x - Across.Start) / (Across.End - Across.Start) * Width, Y + Height - (y - Up.Start) / (Up.End - Up.Start) * Height);
    }
}

/// <summary>A span in four to eleven steps of 1, 2 or 5 times a power of ten.</summary>
internal sealed record Axis(double Start, double End, double Step)
{
    public IEnumerable<double> Ticks => Enumerable.Range(0, (int)Math.Floor((End - Start) / Step + 1e-9) + 1).Select(i => Math.Round(Start / Step + i) * Step);

    public static Axis Of(double lowest, double highest)
    {
        var target = Math.Max(highest - lowest, 1e-9) / 6;
        var power = Math.Pow(10, Math.Floor(Math.Log10(target)));
        var step = power * (target / power) switch { < 1.5 => 1, < 3.5 => 2, < 7.5 => 5, _ => 10 };
        var (start, end) = (Math.Floor(lowest / step + 1e-9) * step, Math.Ceiling(highest / step - 1e-9) * step);
        return new(start, end > start ? end : start + step, step);
    }

    public static string Number(double value) => value.ToString("#,0.###", CultureInfo.InvariantCulture);
}
