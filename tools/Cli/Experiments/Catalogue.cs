namespace TokenLedger.Cli.Experiments;

/// <summary>All experiments by name.</summary>
internal static class Catalogue
{
    public static IReadOnlyList<string> Names { get; } = ["overload", "lending", "scarcity", "scarcity-endless", "azure"];

    /// <param name="traces">Folder of recorded traces, for those that need them; null for the one that TOKENLEDGER_TRACES names.</param>
    public static Experiment Find(string name, DirectoryInfo? traces) => name switch
    {
        "overload" => new Overload(),
        "lending" => new Lending(),
        "scarcity" => new Scarcity(),
        "scarcity-endless" => new ScarcityEndless(),
        "azure" => new Azure(traces ?? (Environment.GetEnvironmentVariable("TOKENLEDGER_TRACES") is { Length: > 0 } folder
            ? new(folder)
            : throw CommandFailure.BadUsage("Name the folder of the Azure traces with --traces or TOKENLEDGER_TRACES."))),
        _ => throw CommandFailure.BadUsage($"There is no experiment {name}."),
    };
}
