using System.Globalization;

namespace TokenLedger.Benchmarks;

/// <summary>What to measure and for how long. The command line tool checks what a person typed; this reads what it passes on.</summary>
/// <param name="Figure">One of <see cref="Figures"/> by name, or all.</param>
/// <param name="Seconds">Time for one measurement; a figure has several.</param>
/// <param name="Events">Events in the ledger of the figures that read one.</param>
/// <param name="Requests">Requests of the figures that send a number of them; 0 for what each of them takes.</param>
/// <param name="Out">A folder for what a figure draws; null for none.</param>
/// <param name="UntilInputEnds">Standard input is a pipe from whoever started this, and its end is the end of this.</param>
internal sealed record BenchOptions(string Figure, int Seconds, long Events, int Requests = 0, string? Out = null, bool UntilInputEnds = false)
{
    public TimeSpan Duration => TimeSpan.FromSeconds(Seconds);

    public static BenchOptions Read(string[] args)
    {
        var options = new BenchOptions(args.Length > 0 ? args[0] : Figures.All, Seconds: 10, Events: 4_000_000, Requests: 100_000);
        for (var i = 1; i + 1 < args.Length; i += 2)
            options = args[i] switch
            {
                "--seconds" => options with { Seconds = int.Parse(args[i + 1], CultureInfo.InvariantCulture) },
                "--events" => options with { Events = long.Parse(args[i + 1], CultureInfo.InvariantCulture) },
                "--requests" => options with { Requests = int.Parse(args[i + 1], CultureInfo.InvariantCulture) },
                "--out" => options with { Out = args[i + 1] },
                "--until" when args[i + 1] == "stdin" => options with { UntilInputEnds = true },
                var other => throw new ArgumentException($"Not understood: {other}."),
            };
        return options;
    }
}

/// <summary>A figure cannot be measured here; the message says what to do about it.</summary>
internal sealed class BenchException(string message) : Exception(message);
