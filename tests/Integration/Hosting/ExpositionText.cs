using System.Globalization;
using System.Text.RegularExpressions;

namespace TokenLedger.Tests.Integration.Hosting;

internal sealed record Sample(string Name, IReadOnlyDictionary<string, string> Labels, double Value);

internal sealed record Family(string Name, string Type, string? Help, List<Sample> Samples);

/// <summary>A strict reader of Prometheus' text format 0.0.4: whatever the format does not allow fails the test.</summary>
internal static partial class ExpositionText
{
    [GeneratedRegex("""^(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?<labels>.*)\})? (?<value>\S+)$""")]
    private static partial Regex SampleLine();

    [GeneratedRegex("""\G(?<name>[a-zA-Z_][a-zA-Z0-9_]*)="(?<value>(?:[^"\\\n]|\\\\|\\"|\\n)*)"(,(?=[a-zA-Z_])|$)""")]
    private static partial Regex LabelPair();

    [GeneratedRegex("""^# (?<kind>HELP|TYPE) (?<name>[a-zA-Z_:][a-zA-Z0-9_:]*) (?<rest>.+)$""")]
    private static partial Regex CommentLine();

    public static IReadOnlyDictionary<string, Family> Read(string text)
    {
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        var families = new Dictionary<string, Family>();
        Family? current = null;
        string? help = null;
        foreach (var line in text[..^1].Split('\n'))
            if (line.StartsWith('#')) (current, help) = Comment(line, families, current, help);
            else current!.Samples.Add(Sample(line, current));
        foreach (var family in families.Values) Check(family);
        return families;
    }

    private static (Family?, string?) Comment(string line, Dictionary<string, Family> families, Family? current, string? help)
    {
        var match = CommentLine().Match(line);
        Assert.True(match.Success, line);
        var (name, rest) = (match.Groups["name"].Value, match.Groups["rest"].Value);
        if (match.Groups["kind"].Value == "HELP") return (current, $"{name} {rest}");
        Assert.Contains(rest, (string[])["counter", "gauge", "histogram"]);
        if (help is not null) Assert.StartsWith(name + " ", help, StringComparison.Ordinal);
        var family = new Family(name, rest, help?[(name.Length + 1)..], []);
        Assert.True(families.TryAdd(name, family), $"{name} has two TYPE lines.");
        return (family, null);
    }

    private static Sample Sample(string line, Family family)
    {
        var match = SampleLine().Match(line);
        Assert.True(match.Success, line);
        var name = match.Groups["name"].Value;
        Assert.Contains(name, family.Type == "histogram" ? [$"{family.Name}_bucket", $"{family.Name}_sum", $"{family.Name}_count"] : (string[])[family.Name]);
        return new(name, Labels(match.Groups["labels"].Value), Number(match.Groups["value"].Value));
    }

    private static Dictionary<string, string> Labels(string text)
    {
        var labels = new Dictionary<string, string>();
        var at = 0;
        while (at < text.Length)
        {
            var match = LabelPair().Match(text, at);
            Assert.True(match.Success, text[at..]);
            labels.Add(match.Groups["name"].Value, Regex.Replace(match.Groups["value"].Value, @"\\(.)", escaped => escaped.Groups[1].Value == "n" ? "\n" : escaped.Groups[1].Value));
            at += match.Length;
        }
        return labels;
    }

    private static double Number(string text) => text switch
    {
        "+Inf" => double.PositiveInfinity,
        "-Inf" => double.NegativeInfinity,
        _ => double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture),
    };

    private static void Check(Family family)
    {
        Assert.Equal(family.Samples.Count, family.Samples.Select(Identity).Distinct().Count());
        if (family.Type == "counter") Assert.EndsWith("_total", family.Name, StringComparison.Ordinal);
        if (family.Type == "histogram") CheckBuckets(family);
    }

    private static void CheckBuckets(Family family)
    {
        foreach (var series in family.Samples.GroupBy(sample => Identity(sample with { Name = "", Labels = sample.Labels.Where(label => label.Key != "le").ToDictionary() })))
        {
            Sample[] buckets = [.. series.Where(sample => sample.Name.EndsWith("_bucket", StringComparison.Ordinal))];
            var bounds = buckets.Select(bucket => Number(bucket.Labels["le"])).ToArray();
            Assert.Equal(bounds.Order(), bounds);
            Assert.Equal(double.PositiveInfinity, bounds[^1]);
            Assert.Equal(buckets.Select(bucket => bucket.Value).Order(), buckets.Select(bucket => bucket.Value));
            Assert.Equal(series.Single(sample => sample.Name.EndsWith("_count", StringComparison.Ordinal)).Value, buckets[^1].Value);
        }
    }

    private static string Identity(Sample sample) =>
        $"{sample.Name}|{string.Join('|', sample.Labels.OrderBy(label => label.Key, StringComparer.Ordinal).Select(label => $"{label.Key}={label.Value}"))}";
}
