using System.Diagnostics;

namespace TokenLedger.Tests.Integration.Backup;

/// <summary>The commands in docs/operations.md, run by a shell as they are written there.</summary>
internal static class DocumentedCommands
{
    private const string DebianFolder = "/usr/lib/postgresql";

    /// <summary>Runs the one block that uses a program.</summary>
    public static async Task RunAsync(string program, string folder, params (string Name, string Value)[] variables)
    {
        var script = Assert.Single(Checkout.Blocks("docs/operations.md", "bash"), block => block.Contains(program, StringComparison.Ordinal));
        var info = new ProcessStartInfo("bash", ["-euo", "pipefail", "-c", script]) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        info.Environment["PATH"] = $"{NewestPostgres()}:{Environment.GetEnvironmentVariable("PATH")}";
        foreach (var (name, value) in variables) info.Environment[name] = value;
        using var shell = Process.Start(info)!;
        var (output, errors) = (shell.StandardOutput.ReadToEndAsync(), shell.StandardError.ReadToEndAsync());
        await shell.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(shell.ExitCode == 0, $"{script}\nended with {shell.ExitCode}:\n{await output}{await errors}");
    }

    /// <summary>Debian's packages put few of the programs on PATH, and a private server is the newest that is installed.</summary>
    private static string NewestPostgres() => !Directory.Exists(DebianFolder)
        ? "/usr/bin"
        : Path.Combine(Directory.GetDirectories(DebianFolder).MaxBy(folder => int.TryParse(Path.GetFileName(folder), out var major) ? major : 0) ?? "/usr", "bin");
}
