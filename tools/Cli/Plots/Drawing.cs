using System.Globalization;
using System.Security;
using System.Text;

namespace TokenLedger.Cli.Plots;

internal readonly record struct Dot(double X, double Y);

internal enum Anchor { Start, Middle, End }

/// <summary>A picture in a few kinds of shape, y downwards in pixels, that is written as SVG (<see cref="ToSvg"/>) or drawn as PNG (<see cref="Raster"/>).</summary>
internal sealed class Drawing(int width, int height)
{
    public const string Ink = "#222222";
    private readonly List<Shape> _shapes = [];

    public int Width { get; } = width;
    public int Height { get; set; } = height;
    public IReadOnlyList<Shape> Shapes => _shapes;

    public Drawing Box(double x, double y, double width, double height, string colour) => Add(new BoxShape(x, y, width, height, colour));

    public Drawing Line(Dot from, Dot to, string colour, double width = 1) => Path([from, to], colour, width, []);

    public Drawing Path(IReadOnlyList<Dot> points, string colour, double width, double[] dash) => Add(new PathShape(points, colour, width, dash));

    public Drawing Text(double x, double y, string text, Anchor anchor = Anchor.Start, double size = 12, bool bold = false, string colour = Ink) =>
        Add(new TextShape(x, y, text, anchor, size, bold, colour));

    public string ToSvg()
    {
        var svg = new StringBuilder();
        foreach (var shape in _shapes) svg.Append(shape.ToSvg()).Append('\n');
        return string.Create(CultureInfo.InvariantCulture, $"""
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {Width} {Height}" width="{Width}" height="{Height}" font-family="sans-serif">
            <rect width="{Width}" height="{Height}" fill="#fff"/>
            {svg}</svg>

            """);
    }

    private Drawing Add(Shape shape)
    {
        _shapes.Add(shape);
        return this;
    }

    internal abstract record Shape
    {
        public abstract string ToSvg();

        protected static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
    }

    internal sealed record BoxShape(double X, double Y, double Width, double Height, string Colour) : Shape
    {
        public override string ToSvg() => Invariant($"""<rect x="{X:0.#}" y="{Y:0.#}" width="{Width:0.#}" height="{Height:0.#}" fill="{Colour}"/>""");
    }

    internal sealed record PathShape(IReadOnlyList<Dot> Points, string Colour, double Width, double[] Dash) : Shape
    {
        public override string ToSvg()
        {
            if (Dash.Length == 0 && Points is [var from, var to])
                return Invariant($"""<line x1="{from.X:0.#}" y1="{from.Y:0.#}" x2="{to.X:0.#}" y2="{to.Y:0.#}" stroke="{Colour}" stroke-width="{Width:0.#}"/>""");
            var path = new StringBuilder();
            foreach (var point in Points) path.Append(CultureInfo.InvariantCulture, $"{(path.Length == 0 ? 'M' : 'L')}{point.X:0.#} {point.Y:0.#}");
            var dash = Dash.Length == 0 ? "" : Invariant($""" stroke-dasharray="{string.Join(' ', Dash.Select(length => length.ToString(CultureInfo.InvariantCulture)))}" """).TrimEnd();
            return Invariant($"""<path d="{path}" fill="none" stroke="{Colour}" stroke-width="{Width:0.#}"{dash}/>""");
        }
    }

    internal sealed record TextShape(double X, double Y, string Value, Anchor Anchor, double Size, bool Bold, string Colour) : Shape
    {
        public override string ToSvg()
        {
            var anchor = Anchor switch { Anchor.Middle => " text-anchor=\"middle\"", Anchor.End => " text-anchor=\"end\"", _ => "" };
            return Invariant($"""<text x="{X:0.#}" y="{Y:0.#}" font-size="{Size:0.#}" fill="{Colour}"{anchor}{(Bold ? " font-weight=\"bold\"" : "")}>{SecurityElement.Escape(Value)}</text>""");
        }
    }
}
