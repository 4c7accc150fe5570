using System.Globalization;

namespace TokenLedger.Autoscaler.Engines;

/// <summary>One sample of the Prometheus text format: <c>name{label="value"} number [timestamp]</c>.</summary>
internal ref struct MetricLine
{
    public ReadOnlySpan<char> Name;

    /// <summary>Upper bound of a histogram's bucket; NaN for other samples.</summary>
    public double Bound;

    public double Value;

    /// <returns>False for what is not a sample.</returns>
    public static bool TryRead(ReadOnlySpan<char> line, out MetricLine sample)
    {
        sample = new() { Bound = double.NaN };
        var end = line.IndexOfAny("{ \t");
        if (end <= 0) return false;
        sample.Name = line[..end];
        line = line[end..].TrimStart();
        if (line is ['{', ..] && !TryLabels(ref line, ref sample.Bound)) return false;
        line = line.TrimStart();
        var stop = line.IndexOfAny(' ', '\t');
        return TryNumber(stop < 0 ? line : line[..stop], out sample.Value);
    }

    /// <summary>Reads over the labels, of which only the bound matters. Their values may hold anything, quotes behind a backslash included.</summary>
    private static bool TryLabels(ref ReadOnlySpan<char> line, ref double bound)
    {
        line = line[1..].TrimStart();
        while (line is not ['}', ..])
        {
            var equals = line.IndexOf('=');
            if (equals <= 0) return false;
            var label = line[..equals].Trim();
            line = line[(equals + 1)..].TrimStart();
            if (line is not ['"', ..]) return false;
            var close = 1;
            while (close < line.Length && line[close] != '"') close += line[close] == '\\' ? 2 : 1;
            if (close >= line.Length) return false;
            if (label is "le" && !TryNumber(line[1..close], out bound)) return false;
            line = line[(close + 1)..].TrimStart();
            if (line is [',', ..]) line = line[1..].TrimStart();
        }
        line = line[1..];
        return true;
    }

    private static bool TryNumber(ReadOnlySpan<char> text, out double number)
    {
        number = text switch { "NaN" => double.NaN, "+Inf" or "Inf" => double.PositiveInfinity, "-Inf" => double.NegativeInfinity, _ => 0 };
        return number != 0 || double.TryParse(text, NumberStyles.Float & ~NumberStyles.AllowLeadingWhite & ~NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out number);
    }
}
