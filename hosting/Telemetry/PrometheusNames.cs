using System.Text;

namespace TokenLedger.Hosting;

/// <summary>Names of OpenTelemetry's metrics and labels in Prometheus, by the compatibility specification: units in the name, `_total` after counters.</summary>
internal static class PrometheusNames
{
    private static readonly Dictionary<string, string> s_units = Table(
        ("d", "days"), ("h", "hours"), ("min", "minutes"), ("s", "seconds"), ("ms", "milliseconds"), ("us", "microseconds"), ("ns", "nanoseconds"),
        ("By", "bytes"), ("KiBy", "kibibytes"), ("MiBy", "mebibytes"), ("GiBy", "gibibytes"), ("kBy", "kilobytes"), ("MBy", "megabytes"), ("GBy", "gigabytes"),
        ("%", "percent"), ("Hz", "hertz"), ("V", "volts"), ("A", "amperes"), ("W", "watts"), ("J", "joules"), ("Cel", "celsius"), ("m", "meters"), ("g", "grams"));

    private static readonly Dictionary<string, string> s_per = Table(
        ("s", "second"), ("m", "minute"), ("min", "minute"), ("h", "hour"), ("d", "day"), ("w", "week"), ("mo", "month"), ("y", "year"));

    public static string Metric(string name, string? unit, bool isCounter, bool isGauge)
    {
        var text = Sanitize(name, colons: true);
        if (isCounter && text.EndsWith("_total", StringComparison.Ordinal)) text = text[..^"_total".Length];
        var suffix = unit == "1" ? isGauge ? "ratio" : "" : Unit(unit);
        if (suffix.Length > 0 && !text.EndsWith("_" + suffix, StringComparison.Ordinal)) text = $"{text}_{suffix}";
        return isCounter ? text + "_total" : text;
    }

    public static string Label(string name) => Sanitize(name, colons: false);

    // What stands in braces is an annotation, not a unit: {request} says what is counted.
    private static string Unit(string? unit)
    {
        if (string.IsNullOrEmpty(unit)) return "";
        var open = unit.IndexOf('{', StringComparison.Ordinal);
        if (open >= 0)
        {
            var close = unit.IndexOf('}', open);
            if (close > open) return Unit(unit.Remove(open, close - open + 1));
        }
        var slash = unit.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0) return Sanitize(s_units.GetValueOrDefault(unit, unit), colons: false).Trim('_');
        var per = "per_" + Sanitize(s_per.GetValueOrDefault(unit[(slash + 1)..], unit[(slash + 1)..]), colons: false);
        return slash == 0 ? per : $"{Unit(unit[..slash])}_{per}";
    }

    private static Dictionary<string, string> Table(params (string Unit, string Word)[] rows) => rows.ToDictionary(row => row.Unit, row => row.Word, StringComparer.Ordinal);

    private static string Sanitize(string name, bool colons)
    {
        var text = new StringBuilder(name.Length + 1);
        if (name.Length > 0 && char.IsAsciiDigit(name[0])) text.Append('_');
        foreach (var c in name)
            if (char.IsAsciiLetterOrDigit(c) || (colons && c == ':')) text.Append(c);
            else if (text.Length == 0 || text[^1] != '_') text.Append('_');
        return text.Length == 0 ? "_" : text.ToString();
    }
}
