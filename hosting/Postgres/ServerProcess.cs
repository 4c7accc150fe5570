using System.Diagnostics;

namespace TokenLedger.Hosting.Postgres;

/// <summary>One run of the server, tied to this process by a pipe: when the pipe ends, because we close it or are gone, the server shuts down.</summary>
internal sealed class ServerProcess : IDisposable
{
    /// <summary>
    /// Runs the server until its own end, with its words in the log, and interrupts it (a fast shutdown) when standard input ends.
    /// Signals meant for the host, such as Ctrl-C or those of a service manager, must not stop the server under the host's last writes: hence the trap, and setsid in front.
    /// </summary>
    private const string Lifeline = """
        trap '' INT TERM HUP
        exec 3<&0 </dev/null >>"$1" 2>&1
        shift
        "$@" 3<&- &
        server=$!
        { read -r _ <&3; kill -INT "$server"; } &
        guard=$!
        exec 3<&-
        wait "$server"
        code=$?
        kill -KILL "$guard" 2>/dev/null
        exit "$code"
        """;

    private readonly Process _shell;

    private ServerProcess(Process shell) => _shell = shell;

    public bool HasExited => _shell.HasExited;
    public int ExitCode => _shell.ExitCode;

    public static ServerProcess Start(DataDirectory data, string log, IEnumerable<string> server)
    {
        var info = Command.Prepare(["setsid", "sh", "-c", Lifeline, "sh", log, .. data.Account.Prefix, .. server]);
        info.RedirectStandardInput = true;
        return new(Command.Start(info));
    }

    public Task WaitForExitAsync(CancellationToken ct) => _shell.WaitForExitAsync(ct);

    /// <summary>Asks for a fast shutdown; true when the server has gone in time.</summary>
    public async Task<bool> TryStopAsync(TimeSpan patience, TimeProvider clock)
    {
        _shell.StandardInput.Close();
        try
        {
            await _shell.WaitForExitAsync(CancellationToken.None).WaitAsync(patience, clock);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    public void Dispose()
    {
        _shell.StandardInput.Close();
        _shell.Dispose();
    }
}
