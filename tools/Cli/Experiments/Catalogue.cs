namespace TokenLedger.Cli.Experiments;

/// <summary>All experiments by name.</summary>
internal static class Catalogue
{
    public static IReadOnlyList<string> Names { get; } = ["overload", "lending", "scarcity", "scarcity-endless", "azure", "estimates", "drift", "scaling", "replicas"];

    /// <param name="traces">Folder of recorded traces, for those that need them; null for the one that TOKENLEDGER_TRACES names.</param>
    /// <param name="files">Trace files, for the one that takes any; none for the Azure traces.</param>
    public static Experiment Find(string name, DirectoryInfo? traces, IReadOnlyList<FileInfo>? files = null) => name switch
    {
        "overload" => new Overload(),
        "lending" => new Lending(),
        "scarcity" => new Scarcity(),
        "scarcity-endless" => new ScarcityEndless(),
        "scaling" => new Scaling(traces ?? FolderOfTraces),
        "azure" => new Azure(Folder(traces)),
        "drift" => new Drift(),
        "replicas" => new Replicas(),
        "estimates" => new Estimates(files is { Count: > 0 } ? [.. files.Select(file => file.FullName)] : Azure.FilesIn(Folder(traces))),
        _ => throw CommandFailure.BadUsage($"There is no experiment {name}."),
    };

    private static DirectoryInfo Folder(DirectoryInfo? traces) => traces ?? FolderOfTraces ?? throw CommandFailure.BadUsage("Name the folder of the Azure traces with --traces or TOKENLEDGER_TRACES.");

    private static DirectoryInfo? FolderOfTraces => Environment.GetEnvironmentVariable("TOKENLEDGER_TRACES") is { Length: > 0 } folder ? new(folder) : null;
}
