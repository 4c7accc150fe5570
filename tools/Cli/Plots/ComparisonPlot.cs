namespace TokenLedger.Cli.Plots;

/// <summary>A line of steps: each value holds from its second for one step.</summary>
internal sealed record PlotLine(string Name, IReadOnlyList<(double Second, double Value)> Points, double StepSeconds);

/// <summary>A picture of two runs: what was recorded in blue, what if in orange, capacities dashed; lines over time above, bars below.</summary>
internal sealed class ComparisonPlot
{
    private const int Width = 960;
    private const int Left = 72;
    private const int Right = 24;
    private const int LinesTop = 104;
    private const int LinesHeight = 300;
    private const int BarsTop = 500;
    private const int BarHeight = 16;
    private const int BarLabel = 220;
    private static readonly (string Colour, double[] Dash)[] s_styles = [("#1f5fa8", []), ("#d9700b", []), ("#1f5fa8", [6, 4]), ("#d9700b", [2, 4])];
    private readonly Drawing _drawing = new(Width, BarsTop);

    public ComparisonPlot(string title, string caption) => _drawing.Text(Left, 28, title, size: 16, bold: true).Text(Left, 46, caption, colour: "#555555");

    public ComparisonPlot Lines(string name, params PlotLine[] lines)
    {
        var last = lines.Max(line => line.Points[^1].Second + line.StepSeconds);
        var seconds = Axis.Of(0, last) with { End = last };
        var values = Axis.Of(0, lines.Max(line => line.Points.Max(point => point.Value)));
        _drawing.Text(Left, LinesTop - 38, name, bold: true);
        Legend(lines);
        foreach (var tick in values.Ticks)
        {
            var y = LinesTop + LinesHeight - Scale(tick, values, LinesHeight);
            _drawing.Line(new(Left, y), new(Width - Right, y), "#dddddd").Text(Left - 8, y + 4, Axis.Number(tick), Anchor.End);
        }
        foreach (var tick in seconds.Ticks) _drawing.Text(Left + Scale(tick, seconds, Width - Left - Right), LinesTop + LinesHeight + 18, Axis.Number(tick), Anchor.Middle);
        _drawing.Text((Left + Width - Right) / 2.0, LinesTop + LinesHeight + 36, "seconds from the beginning of the window", Anchor.Middle);
        // Capacities first, so that what is held is drawn over them.
        foreach (var (index, line) in lines.Index().Reverse())
        {
            var (colour, dash) = s_styles[index];
            _drawing.Path([.. Steps(line, seconds, values)], colour, dash.Length == 0 ? 1.6 : 1.2, dash);
        }
        return this;
    }

    public ComparisonPlot Bars(string name, IReadOnlyList<(string Name, long Recorded, long WhatIf)> bars)
    {
        _drawing.Text(Left, BarsTop - 20, bars.Count == 0 ? $"{name}: none" : name, bold: true);
        var most = Math.Max(1, bars.Select(bar => Math.Max(bar.Recorded, bar.WhatIf)).DefaultIfEmpty().Max());
        foreach (var (index, bar) in bars.Index())
        {
            var y = BarsTop + index * (2 * BarHeight + 14);
            _drawing.Text(BarLabel - 10, y + BarHeight + 4, bar.Name, Anchor.End);
            Bar(y, bar.Recorded, most, s_styles[0].Colour);
            Bar(y + BarHeight, bar.WhatIf, most, s_styles[1].Colour);
            _drawing.Height = y + 2 * BarHeight + 24;
        }
        return this;
    }

    public string ToSvg() => _drawing.ToSvg();

    private void Legend(PlotLine[] lines)
    {
        var x = (double)Width - Right;
        foreach (var (index, line) in lines.Index().Reverse())
        {
            x -= StrokeFont.Width(line.Name, 12) + 54;
            _drawing.Path([new(x, LinesTop - 18), new(x + 28, LinesTop - 18)], s_styles[index].Colour, 2, s_styles[index].Dash).Text(x + 34, LinesTop - 14, line.Name);
        }
    }

    private static IEnumerable<Dot> Steps(PlotLine line, Axis seconds, Axis values) => line.Points.SelectMany(point =>
    {
        var y = LinesTop + LinesHeight - Scale(point.Value, values, LinesHeight);
        return (Dot[])[new(Left + Scale(point.Second, seconds, Width - Left - Right), y), new(Left + Scale(point.Second + line.StepSeconds, seconds, Width - Left - Right), y)];
    });

    private void Bar(int y, long value, long most, string colour)
    {
        var width = (double)value / most * (Width - BarLabel - Right - 80);
        _drawing.Box(BarLabel, y, width, BarHeight - 2, colour).Text(BarLabel + width + 6, y + BarHeight - 4, Axis.Number(value));
    }

    private static double Scale(double value, Axis axis, double length) => value / axis.End * length;
}
