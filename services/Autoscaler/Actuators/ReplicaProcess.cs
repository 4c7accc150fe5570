using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace TokenLedger.Autoscaler.Actuators;

/// <summary>One engine as a process of this machine. It outlives a crash of this one, and is found again by its id and its port.</summary>
internal sealed class ReplicaProcess(int port, int id, Process? child)
{
    // exec keeps the id, and what the engine prints goes to a file, so that it holds on to nothing of ours.
    private const string Launch = """exec "$@" >>"$0" 2>&1 </dev/null""";

    public int Port => port;
    public int Id => id;

    /// <summary>It answered well when it was last asked.</summary>
    public bool IsWell { get; set; }

    /// <summary>It has answered well some time.</summary>
    public bool HasServed { get; set; }

    /// <summary>Since when it leaves: nothing new is for it.</summary>
    public DateTimeOffset? DrainingSince { get; set; }

    /// <summary>It was idle when it was last asked while leaving.</summary>
    public bool WasIdle { get; set; }

    /// <summary>When it was told to stop.</summary>
    public DateTimeOffset? StoppingSince { get; set; }

    /// <summary>True while the process is there, and is the one that was started for this port: ids are given out again.</summary>
    public bool IsAlive => child is not { HasExited: true } && IsOurs(port, id);

    public static ReplicaProcess Start(ProcessFleetOptions options, int port, string log)
    {
        var info = new ProcessStartInfo("/bin/sh", ["-c", Launch, log, options.Program, .. options.Arguments, "--port", $"{port}"]);
        var process = Process.Start(info)!;
        return new(port, process.Id, process);
    }

    /// <summary>The process of an earlier run; null when it is gone.</summary>
    public static ReplicaProcess? Adopt(int port, int id) => IsOurs(port, id) ? new(port, id, null) { HasServed = true } : null;

    /// <summary>SIGTERM: takes no more requests and ends when those it has are finished.</summary>
    public void Terminate() => Signal("-TERM");

    public void Kill() => Signal("-KILL");

    public static bool IsFree(int port)
    {
        using var listener = new TcpListener(IPAddress.Loopback, port);
        try
        {
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private void Signal(string signal)
    {
        if (!IsAlive) return;
        using var kill = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "kill \"$0\" \"$1\" 2>/dev/null", signal, $"{id}"]))!;
        kill.WaitForExit();
    }

    /// <summary>One that has ended has no command line left, even while nobody has taken its exit code.</summary>
    private static bool IsOurs(int port, int id)
    {
        try
        {
            return File.ReadAllText($"/proc/{id}/cmdline").Contains($"\0--port\0{port}\0", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }
}
