using System.Diagnostics;
using System.Globalization;

namespace TokenLedger.Tests.Integration.Servers;

/// <summary>A server that ends with this test run, however the run ends: a shell kills it when the pipe from us to the shell closes.</summary>
public sealed class OwnedProcess : IAsyncDisposable
{
    private const string Lifeline = """
        exec 3>&1 >>"$1" 2>&1; shift
        "$@" </dev/null 3>&- &
        echo $! >&3
        read -r _
        kill -KILL $!
        wait $!
        """;

    private readonly Process _shell;

    private OwnedProcess(Process shell, int id) => (_shell, Id) = (shell, id);

    /// <summary>Id of the server itself.</summary>
    public int Id { get; }

    public static async Task<OwnedProcess> StartAsync(IEnumerable<string> words, IReadOnlyDictionary<string, string> environment, string log)
    {
        var info = new ProcessStartInfo("setsid", ["sh", "-c", Lifeline, "sh", log, .. words])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        foreach (var (name, value) in environment)
            info.Environment[name] = value;
        var shell = Process.Start(info)!;
        var id = await shell.StandardOutput.ReadLineAsync();
        return new(shell, int.Parse(id!, CultureInfo.InvariantCulture));
    }

    /// <summary>SIGKILL; returns when the process is gone.</summary>
    public async Task KillAsync()
    {
        _shell.StandardInput.Close();
        await _shell.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _shell.Dispose();
    }
}
