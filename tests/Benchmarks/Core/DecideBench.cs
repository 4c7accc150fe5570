using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Perfolizer.Horology;

namespace TokenLedger.Benchmarks;

/// <summary>How many decisions one core makes and evolves, and what each allocates.</summary>
internal static class DecideBench
{
    private const int Iterations = 5;
    private const int PerOperation = 2;

    public static void Run(BenchOptions options)
    {
        var artifacts = Directory.CreateTempSubdirectory("tokenledger-bench-");
        var job = Job.Default.WithToolchain(InProcessEmitToolchain.Instance).WithWarmupCount(Iterations).WithIterationCount(Iterations)
            .WithIterationTime(TimeInterval.FromSeconds((double)options.Seconds / Iterations / 2));
        var config = ManualConfig.CreateEmpty().AddJob(job).AddLogger(NullLogger.Instance).AddColumnProvider(DefaultColumnProviders.Instance)
            .WithArtifactsPath(artifacts.FullName).WithOption(ConfigOptions.DisableLogFile, true);
        var summary = BenchmarkRunner.Run<DecideBenchmarks>(config);
        artifacts.Delete(recursive: true);
        foreach (var ofSize in summary.Reports.GroupBy(report => (int)report.BenchmarkCase.Parameters[nameof(DecideBenchmarks.OpenReservations)]))
        {
            var decisions = ofSize.Single(report => report.BenchmarkCase.Descriptor.WorkloadMethod.Name == nameof(DecideBenchmarks.Admit_and_settle));
            var updates = ofSize.Single(report => report.BenchmarkCase.Descriptor.WorkloadMethod.Name == nameof(DecideBenchmarks.Dictionary_update));
            Results.Row($"decide/{ofSize.Key}-open", PerSecond(decisions), "decisions/s", PerSecond(updates), "updates of a dictionary");
            Results.Row($"decide/{ofSize.Key}-open-allocated", (double)decisions.GcStats.GetBytesAllocatedPerOperation(decisions.BenchmarkCase)! / PerOperation, "bytes/decision");
        }
    }

    private static double PerSecond(BenchmarkReport report) => PerOperation * 1e9 / report.ResultStatistics!.Median;
}
