using System.Globalization;
using System.Text;
using TokenLedger.Cli.Bench;

namespace TokenLedger.Cli.Experiments;

/// <summary>The report of an experiment in Markdown: set-up, figures of all variants side by side with the published ones, pictures.</summary>
internal static class ExperimentReport
{
    public static string Write(ExperimentOutcome outcome, IReadOnlyList<(string File, string Title)> pictures)
    {
        var (experiment, text) = (outcome.Experiment, new StringBuilder());
        text.Append(CultureInfo.InvariantCulture, $"# {experiment.Title}\n\n    ./tokenledger experiment {experiment.Name} --seeds {outcome.Seeds} --out FOLDER\n\n{experiment.Setup}\n\n");
        text.Append(CultureInfo.InvariantCulture, $"Medians over {outcome.Seeds} seeds with 95 % intervals; where a figure must hold for every seed, the worst. The pictures show the first seed.\n\n");
        if (experiment.TableForEachLoad) TableForEachLoad(text, experiment.Name, outcome.Rows);
        else Table(text, experiment.Name, outcome.Rows);
        foreach (var (file, title) in pictures) text.Append(CultureInfo.InvariantCulture, $"\n![{title}]({file}.svg)\n");
        return text.ToString();
    }

    private static void Table(StringBuilder text, string experiment, IReadOnlyList<BenchRow> rows)
    {
        var cells = rows.Select(row => (Parts: row.Name[(experiment.Length + 1)..].Split('/', 2), Row: row)).ToList();
        var variants = cells.Select(cell => cell.Parts[0]).Distinct().ToList();
        text.Append(CultureInfo.InvariantCulture, $"| figure | unit | {string.Join(" | ", variants)} |\n|---|---|{string.Concat(Enumerable.Repeat("---|", variants.Count))}\n");
        foreach (var figure in cells.GroupBy(cell => cell.Parts[1]))
        {
            text.Append(CultureInfo.InvariantCulture, $"| {figure.Key} | {figure.First().Row.Unit} |");
            foreach (var variant in variants)
                text.Append(CultureInfo.InvariantCulture, $" {Cell(figure.FirstOrDefault(cell => cell.Parts[0] == variant).Row)} |");
            text.Append('\n');
        }
    }

    private static void TableForEachLoad(StringBuilder text, string experiment, IReadOnlyList<BenchRow> rows)
    {
        var cells = rows.Select(row => (Parts: row.Name[(experiment.Length + 1)..].Split('@', '/'), Row: row)).ToList();
        foreach (var load in cells.GroupBy(cell => cell.Parts[1]))
        {
            var figures = load.Select(cell => cell.Parts[2]).Distinct().ToList();
            text.Append(CultureInfo.InvariantCulture, $"{(text[^1] == '\n' && text[^2] == '\n' ? "" : "\n")}### {load.Key}\n\n| policy | {string.Join(" | ", figures.Select(figure => $"{figure} {load.First(cell => cell.Parts[2] == figure).Row.Unit}".TrimEnd()))} |\n|---|{string.Concat(Enumerable.Repeat("---|", figures.Count))}\n");
            foreach (var policy in load.GroupBy(cell => cell.Parts[0]))
                text.Append(CultureInfo.InvariantCulture, $"| {policy.Key} | {string.Join(" | ", figures.Select(figure => Cell(policy.FirstOrDefault(cell => cell.Parts[2] == figure).Row)))} |\n");
        }
    }

    private static string Cell(BenchRow? row)
    {
        if (row is null) return "";
        var spread = row.Low == row.High ? "" : $" [{Number(row.Low)}, {Number(row.High)}]";
        var published = row.Baseline is { } number ? $"; published {Number(number)}" : "";
        var target = row.Rule is { } rule ? $"; {rule.Replace("value ", "", StringComparison.Ordinal)} {(row.Ok == true ? "met" : "**missed**")}" : "";
        return $"{Number(row.Value)}{spread}{published}{target}";
    }

    private static string Number(double? value) => value is not { } number ? "" : !double.IsFinite(number) ? "–" : number.ToString(Math.Abs(number) >= 100 ? "#,0.#" : "0.##", CultureInfo.InvariantCulture);
}
