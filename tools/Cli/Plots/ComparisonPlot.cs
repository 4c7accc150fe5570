using System.Globalization;
using System.Security;
using System.Text;

namespace TokenLedger.Cli.Plots;

/// <summary>A line of steps: each value holds from its second for one step.</summary>
internal sealed record PlotLine(string Name, IReadOnlyList<(double Second, double Value)> Points, double StepSeconds);

/// <summary>A picture of two runs in SVG: what was recorded in blue, what if in orange, capacities dashed; lines over time above, bars below.</summary>
internal sealed class ComparisonPlot(string title, string caption)
{
    private const int Width = 960;
    private const int Left = 72;
    private const int Right = 24;
    private const int LinesTop = 104;
    private const int LinesHeight = 300;
    private const int BarsTop = 500;
    private const int BarHeight = 16;
    private const int BarLabel = 220;
    private const int Char = 7;
    private static readonly (string Colour, string Dash)[] s_styles = [("#1f5fa8", ""), ("#d9700b", ""), ("#1f5fa8", "6 4"), ("#d9700b", "2 4")];
    private readonly StringBuilder _svg = new();
    private int _height = BarsTop;

    public ComparisonPlot Lines(string name, params PlotLine[] lines)
    {
        var last = lines.Max(line => line.Points[^1].Second + line.StepSeconds);
        var seconds = Axis.Of(last) with { End = last };
        var values = Axis.Of(lines.Max(line => line.Points.Max(point => point.Value)));
        Text(Left, LinesTop - 38, name, "font-weight=\"bold\"");
        Legend(lines);
        foreach (var tick in values.Ticks)
        {
            var y = LinesTop + LinesHeight - Scale(tick, values, LinesHeight);
            Add($"<line x1=\"{Left}\" y1=\"{y:0.#}\" x2=\"{Width - Right}\" y2=\"{y:0.#}\" stroke=\"#ddd\"/>");
            Text(Left - 8, y + 4, Number(tick), "text-anchor=\"end\"");
        }
        foreach (var tick in seconds.Ticks) Text(Left + Scale(tick, seconds, Width - Left - Right), LinesTop + LinesHeight + 18, Number(tick), "text-anchor=\"middle\"");
        Text((Left + Width - Right) / 2.0, LinesTop + LinesHeight + 36, "seconds from the beginning of the window", "text-anchor=\"middle\"");
        // Capacities first, so that what is held is drawn over them.
        foreach (var (index, line) in lines.Index().Reverse()) Steps(line, s_styles[index], seconds, values);
        return this;
    }

    public ComparisonPlot Bars(string name, IReadOnlyList<(string Name, long Recorded, long WhatIf)> bars)
    {
        Text(Left, BarsTop - 20, bars.Count == 0 ? $"{name}: none" : name, "font-weight=\"bold\"");
        var most = Math.Max(1, bars.Select(bar => Math.Max(bar.Recorded, bar.WhatIf)).DefaultIfEmpty().Max());
        foreach (var (index, bar) in bars.Index())
        {
            var y = BarsTop + index * (2 * BarHeight + 14);
            Text(BarLabel - 10, y + BarHeight + 4, bar.Name, "text-anchor=\"end\"");
            Bar(y, bar.Recorded, most, s_styles[0].Colour);
            Bar(y + BarHeight, bar.WhatIf, most, s_styles[1].Colour);
            _height = y + 2 * BarHeight + 24;
        }
        return this;
    }

    public string ToSvg() => string.Create(CultureInfo.InvariantCulture, $"""
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {Width} {_height}" width="{Width}" height="{_height}" font-family="sans-serif" font-size="12" fill="#222">
        <rect width="{Width}" height="{_height}" fill="#fff"/>
        <text x="{Left}" y="28" font-size="16" font-weight="bold">{SecurityElement.Escape(title)}</text>
        <text x="{Left}" y="46" fill="#555">{SecurityElement.Escape(caption)}</text>
        {_svg}</svg>

        """);

    private void Legend(PlotLine[] lines)
    {
        var x = (double)Width - Right;
        foreach (var (index, line) in lines.Index().Reverse())
        {
            x -= line.Name.Length * Char + 44;
            var (colour, dash) = s_styles[index];
            Add($"<line x1=\"{x:0.#}\" y1=\"{LinesTop - 18}\" x2=\"{x + 28:0.#}\" y2=\"{LinesTop - 18}\" stroke=\"{colour}\" stroke-width=\"2\" stroke-dasharray=\"{dash}\"/>");
            Text(x + 34, LinesTop - 14, line.Name, "");
        }
    }

    private void Steps(PlotLine line, (string Colour, string Dash) style, Axis seconds, Axis values)
    {
        var path = new StringBuilder();
        foreach (var (second, value) in line.Points)
        {
            var (x, y) = (Left + Scale(second, seconds, Width - Left - Right), LinesTop + LinesHeight - Scale(value, values, LinesHeight));
            path.Append(CultureInfo.InvariantCulture, $"{(path.Length == 0 ? 'M' : 'L')}{x:0.#} {y:0.#}H{Left + Scale(second + line.StepSeconds, seconds, Width - Left - Right):0.#}");
        }
        Add($"<path d=\"{path}\" fill=\"none\" stroke=\"{style.Colour}\" stroke-width=\"{(style.Dash.Length == 0 ? 1.6 : 1.2)}\" stroke-dasharray=\"{style.Dash}\"/>");
    }

    private void Bar(int y, long value, long most, string colour)
    {
        var width = (double)value / most * (Width - BarLabel - Right - 80);
        Add($"<rect x=\"{BarLabel}\" y=\"{y}\" width=\"{width:0.#}\" height=\"{BarHeight - 2}\" fill=\"{colour}\"/>");
        Text(BarLabel + width + 6, y + BarHeight - 4, Number(value), "");
    }

    private void Text(double x, double y, string text, string more) => Add($"<text x=\"{x:0.#}\" y=\"{y:0.#}\" {more}>{SecurityElement.Escape(text)}</text>");

    private void Add(FormattableString element) => _svg.Append(element.ToString(CultureInfo.InvariantCulture)).Append('\n');

    private static double Scale(double value, Axis axis, double length) => value / axis.End * length;

    private static string Number(double value) => value.ToString("#,0.###", CultureInfo.InvariantCulture);

    /// <summary>From zero, in four to eight steps of 1, 2 or 5 times a power of ten.</summary>
    private sealed record Axis(double End, double Step)
    {
        public IEnumerable<double> Ticks => Enumerable.Range(0, (int)Math.Floor(End / Step + 1e-9) + 1).Select(i => i * Step);

        public static Axis Of(double most)
        {
            var target = Math.Max(most, 1e-9) / 6;
            var power = Math.Pow(10, Math.Floor(Math.Log10(target)));
            var step = power * (target / power) switch { < 1.5 => 1, < 3.5 => 2, < 7.5 => 5, _ => 10 };
            return new(Math.Ceiling(most / step - 1e-9) * step is > 0 and var end ? end : step, step);
        }
    }
}
