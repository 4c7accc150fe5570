using TokenLedger.Cli.Plots;
using TokenLedger.Cli.Simulation;

namespace TokenLedger.Cli.Experiments;

/// <summary>A question put to the simulator: scenarios to compare, what is measured, and what is drawn.</summary>
internal abstract class Experiment(string name, string title)
{
    public string Name => name;

    public string Title => title;

    /// <summary>What is compared: policies, or values of a setting.</summary>
    public abstract IReadOnlyList<Variant> Variants { get; }

    /// <summary>The report has a table for each load, the part of a variant's name after the @, with a line for each policy; else one with a column for each variant.</summary>
    public virtual bool TableForEachLoad => false;

    /// <summary>The set-up in Markdown: loads chosen by us are stated here.</summary>
    public abstract string Setup { get; }

    /// <summary>False where every seed gives the same, so that one is enough.</summary>
    public virtual bool IsRandom => true;

    /// <summary>Figures of one seed, from the runs of all variants by name.</summary>
    public virtual IEnumerable<Figure> Measure(int seed, IReadOnlyDictionary<string, RunLog> runs) => Measure(runs);

    /// <summary>Figures that the runs of all variants by name tell without their seed.</summary>
    public abstract IEnumerable<Figure> Measure(IReadOnlyDictionary<string, RunLog> runs);

    /// <summary>Pictures of one seed, by file name without its ending.</summary>
    public abstract IEnumerable<(string File, Chart Chart)> Draw(IReadOnlyDictionary<string, RunLog> runs);
}

/// <summary>One of the scenarios that an experiment compares.</summary>
internal sealed record Variant(string Name, Scenario Scenario);

/// <summary>A figure of one variant and seed.</summary>
/// <param name="Published">What the source of the experiment found; null where it says nothing.</param>
/// <param name="Worst">The worst seed is told instead of the median, for what must never happen.</param>
internal sealed record Figure(string Variant, string Name, double Value, string Unit, double? Published = null, Worst Worst = Worst.None);

/// <summary>Which end of the seeds counts.</summary>
internal enum Worst { None, Largest, Smallest }
