using System.Globalization;

namespace TokenLedger.Tests.Integration.Scenarios;

/// <summary>A trace and what is in it, counted from the file itself.</summary>
internal sealed record Trace(string File, long Requests, long Input, long Output);

/// <summary>
/// The two production traces of the Azure public data set where they are (TOKENLEDGER_TRACES, else ../shared/data/traces beside the checkout). Elsewhere two files
/// of the same shape stand in for them, so that every scenario runs everywhere; the published sums are then not what is compared with.
/// </summary>
internal static class TraceFiles
{
    private static readonly (string Name, long Requests, long Input, long Output)[] s_published =
        [("azure-llm-2023-code.csv", 8_819, 18_059_974, 245_896), ("azure-llm-2023-conv.csv", 19_366, 22_361_870, 4_088_665)];

    /// <summary>The code trace and the conversation trace.</summary>
    public static IReadOnlyList<Trace> Both { get; } = [.. s_published.Select(Find)];

    /// <summary>Requests in both.</summary>
    public static long Requests => Both.Sum(trace => trace.Requests);

    private static Trace Find((string Name, long Requests, long Input, long Output) published)
    {
        var file = Path.Combine(Folder(), published.Name);
        var isReal = System.IO.File.Exists(file);
        if (!isReal) file = StandIn(published);
        var rows = System.IO.File.ReadLines(file).Skip(1).Where(line => line.Length > 0).Select(line => line.Split(',')).ToList();
        long Sum(int column) => rows.Sum(row => long.Parse(row[column], CultureInfo.InvariantCulture));
        var trace = new Trace(file, rows.Count, Sum(1), Sum(2));
        if (isReal) Assert.Equal((published.Requests, published.Input, published.Output), (trace.Requests, trace.Input, trace.Output));
        return trace;
    }

    private static string Folder()
    {
        if (Environment.GetEnvironmentVariable("TOKENLEDGER_TRACES") is { Length: > 0 } named) return named;
        var checkout = new DirectoryInfo(AppContext.BaseDirectory);
        while (checkout is not null && !System.IO.File.Exists(Path.Combine(checkout.FullName, "TokenLedger.sln"))) checkout = checkout.Parent;
        return Path.Combine(checkout?.Parent?.FullName ?? "/", "shared", "data", "traces");
    }

    private static string StandIn((string Name, long Requests, long Input, long Output) shape)
    {
        var file = Path.Combine(Path.GetTempPath(), $"tokenledger-{Environment.ProcessId}-{shape.Name}");
        var random = new Random(1);
        var at = new DateTime(2023, 11, 16, 18, 0, 0, DateTimeKind.Utc);
        System.IO.File.WriteAllLines(file, Enumerable.Range(0, (int)shape.Requests)
            .Select(_ => string.Create(CultureInfo.InvariantCulture,
                $"{at = at.AddMilliseconds(random.Next(400)):yyyy-MM-dd HH:mm:ss.fffffff},{random.Next(1, (int)(2 * shape.Input / shape.Requests))},{random.Next(1, (int)(2 * shape.Output / shape.Requests))}"))
            .Prepend("TIMESTAMP,ContextTokens,GeneratedTokens"));
        return file;
    }
}
