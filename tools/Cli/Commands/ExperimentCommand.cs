using System.CommandLine;
using Spectre.Console;
using TokenLedger.Cli.Bench;
using TokenLedger.Cli.Experiments;

namespace TokenLedger.Cli.Commands;

/// <summary><c>experiment</c>: published experiments played again in virtual time, with the core that decides in production.</summary>
internal static class ExperimentCommand
{
    private const string AllPolicies = "all";

    public static Command Create(Globals globals)
    {
        var name = new Argument<string>("name") { Description = "Which one." };
        name.AcceptOnlyFromAmong([.. Catalogue.Names]);
        var files = new Argument<FileInfo[]>("trace") { Description = "For estimates: trace files, as trace play reads them. Default: the Azure traces.", Arity = ArgumentArity.ZeroOrMore }.AcceptExistingOnly();
        var policy = new Option<string>("--policy") { Description = "One admission policy, or all.", HelpName = "policy", DefaultValueFactory = _ => AllPolicies };
        policy.AcceptOnlyFromAmong([AllPolicies, .. Policies.All.Select(Policies.Word)]);
        var seeds = Arguments.Number("--seeds", "Runs of each variant, with seeds from 1.", 20, 1, 1_000);
        var folder = new Option<DirectoryInfo?>("--out") { Description = "Also write report, CSV and pictures there.", HelpName = "folder" };
        var traces = new Option<DirectoryInfo?>("--traces") { Description = "Folder of the Azure traces. Default: $TOKENLEDGER_TRACES.", HelpName = "folder" };
        var pattern = new Option<string?>("--pattern") { Description = "One of the loads of experiment scaling. Default: all.", HelpName = "pattern" };
        var command = new Command("experiment", "Play an experiment in virtual time and compare the admission policies. Needs no server. Exit code 1 when a target is missed.") { name, files, policy, pattern, seeds, folder, traces };
        command.SetAction(async (parsed, ct) =>
        {
            var named = parsed.GetValue(files) ?? [];
            if (named.Length > 0 && parsed.GetValue(name) != "estimates") throw CommandFailure.BadUsage($"Experiment {parsed.GetValue(name)} takes no trace files.");
            var experiment = Catalogue.Find(parsed.GetValue(name)!, parsed.GetValue(traces), named);
            var only = parsed.GetValue(policy)!;
            var load = parsed.GetValue(pattern);
            var variants = experiment.Variants.Where(variant => (only == AllPolicies || variant.Name.Split('@')[0] == only) && (load is null || variant.Name.EndsWith("@" + load, StringComparison.Ordinal))).ToList();
            if (load is not null && variants.Count == 0) throw CommandFailure.BadUsage($"Experiment {experiment.Name} has no pattern {load}{(experiment is Scaling s ? $"; it has {string.Join(", ", s.Patterns.Select(p => p.Name))}" : "")}.");
            if (variants.Count == 0 && only != AllPolicies) throw CommandFailure.BadUsage($"Experiment {experiment.Name} does not compare policies; leave --policy out.");
            var outcome = await RunAsync(experiment, variants, parsed.GetValue(seeds), ct);
            if (parsed.GetValue(folder) is { } target) await ExperimentFiles.WriteAsync(target, outcome, ct);
            if (parsed.GetValue(globals.Json)) Console.Out.WriteLine(outcome.Report.ToJson());
            else BenchTables.Write(Terminal.Results, outcome.Report);
            return outcome.Report.Ok ? 0 : CommandFailure.FailedCode;
        });
        return command;
    }

    private static Task<ExperimentOutcome> RunAsync(Experiment experiment, IReadOnlyList<Variant> variants, int seeds, CancellationToken ct) =>
        Terminal.Messages.Progress().Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn()).StartAsync(context =>
        {
            var task = context.AddTask($"experiment {experiment.Name}", maxValue: Math.Max(1, variants.Count * seeds));
            return Task.Run(() => ExperimentRunner.Run(experiment, variants, seeds, () => task.Increment(1), ct), ct);
        });
}
