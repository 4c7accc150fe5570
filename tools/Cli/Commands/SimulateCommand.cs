using System.CommandLine;
using TokenLedger.Cli.Experiments;
using TokenLedger.Cli.Simulation;

namespace TokenLedger.Cli.Commands;

/// <summary><c>simulate</c>: a scenario of one's own in virtual time.</summary>
internal static class SimulateCommand
{
    public static Command Create(Globals globals)
    {
        var file = new Argument<FileInfo>("file") { Description = "The scenario, in JSON; docs/examples/scenarios has some." }.AcceptExistingOnly();
        var seed = Arguments.Number("--seed", "The same seed gives the same run.", 1, 0, int.MaxValue);
        var folder = new Option<DirectoryInfo?>("--out") { Description = "Write the state over time there, as CSV and pictures.", HelpName = "folder" };
        var command = new Command("simulate", "Play a scenario in virtual time, with the core that decides in production. Needs no server.") { file, seed, folder };
        command.SetAction(async (parsed, ct) =>
        {
            var source = parsed.GetValue(file)!;
            var scenario = ScenarioFile.Read(source.Name, await Arguments.ReadAsync(source, ct), source.DirectoryName!);
            var run = SimulationRun.Play(scenario, parsed.GetValue(seed));
            if (parsed.GetValue(folder) is { } target) await ExperimentFiles.WriteAsync(target, run, ct);
            if (parsed.GetValue(globals.Json)) Console.Out.WriteLine(SimulationReport.Of(run).ToJson());
            else SimulationReport.Of(run).Write(Terminal.Results);
            return 0;
        });
        return command;
    }
}
