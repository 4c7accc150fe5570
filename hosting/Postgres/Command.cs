using System.Diagnostics;

namespace TokenLedger.Hosting.Postgres;

/// <summary>Runs the operating system's and PostgreSQL's own programs.</summary>
internal static class Command
{
    /// <summary>Runs a program to its end and returns what it printed.</summary>
    /// <exception cref="PrivatePostgresException">It failed, or is not installed.</exception>
    public static async Task<string> RunAsync(IReadOnlyList<string> words, CancellationToken ct)
    {
        var (code, output, error) = await TryAsync(words, ct);
        return code == 0 ? output : throw new PrivatePostgresException($"'{string.Join(' ', words)}' failed with code {code}: {error}");
    }

    public static async Task<(int Code, string Output, string Error)> TryAsync(IReadOnlyList<string> words, CancellationToken ct)
    {
        var info = Prepare(words);
        info.RedirectStandardOutput = info.RedirectStandardError = true;
        using var process = Start(info);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(ct);
            var error = process.StandardError.ReadToEndAsync(ct);
            await process.WaitForExitAsync(ct);
            return (process.ExitCode, (await output).Trim(), (await error).Trim());
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    /// <summary>A start from the root folder, since the server's user may not see ours, and without settings meant for some other PostgreSQL.</summary>
    public static ProcessStartInfo Prepare(IReadOnlyList<string> words)
    {
        var info = new ProcessStartInfo(Find(words[0]), words.Skip(1)) { WorkingDirectory = "/" };
        foreach (var name in info.Environment.Keys.Where(name => name.StartsWith("PG", StringComparison.Ordinal)).ToList())
            info.Environment.Remove(name);
        info.Environment["LC_ALL"] = "C";
        return info;
    }

    /// <summary>
    /// The program of this name on PATH. A bare name would be looked for in the current folder first, where a checkout has a <c>test</c> of its own.
    /// </summary>
    private static string Find(string program) => program.Contains('/', StringComparison.Ordinal)
        ? program
        : (Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin").Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Where(Path.IsPathRooted).Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists) ?? program;

    public static Process Start(ProcessStartInfo info)
    {
        try
        {
            return Process.Start(info)!;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new PrivatePostgresException($"'{info.FileName}' cannot be run: {e.Message}.", e);
        }
    }
}
