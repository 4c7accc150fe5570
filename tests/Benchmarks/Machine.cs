using System.Globalization;
using System.Runtime.InteropServices;
using Npgsql;

namespace TokenLedger.Benchmarks;

/// <summary>The machine that a figure holds for. The load is that of the minute before the first measurement: what others were doing meanwhile.</summary>
internal sealed record Machine(int Cores, double MemoryGb, string Cpu, string Kernel, string PostgreSql, string DotNet, double LoadAverage)
{
    public static async Task<Machine> DescribeAsync(NpgsqlDataSource database, CancellationToken ct)
    {
        await using var version = database.CreateCommand("show server_version");
        return new(
            Environment.ProcessorCount, Math.Round(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 1e9, 1), Field("/proc/cpuinfo", "model name"),
            (await File.ReadAllTextAsync("/proc/sys/kernel/osrelease", ct)).Trim(), (string)(await version.ExecuteScalarAsync(ct))!, RuntimeInformation.FrameworkDescription,
            double.Parse((await File.ReadAllTextAsync("/proc/loadavg", ct)).Split(' ')[0], CultureInfo.InvariantCulture));
    }

    /// <summary>A field of a file in /proc; empty where this kind of machine does not tell.</summary>
    public static string Field(string file, string name) =>
        File.ReadLines(file).Select(line => line.Split(':', 2)).FirstOrDefault(parts => parts[0].Trim() == name)?[1].Trim() ?? "";
}
