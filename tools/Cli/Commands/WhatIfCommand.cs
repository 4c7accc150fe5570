using System.CommandLine;
using TokenLedger.Cli.Replay;
using TokenLedger.Cli.WhatIf;
using TokenLedger.Contracts;

namespace TokenLedger.Cli.Commands;

/// <summary><c>whatif</c>: recorded demand under other settings.</summary>
internal static class WhatIfCommand
{
    public static Command Create(Globals globals)
    {
        var from = LedgerMoment.Option("--from", "First position that is decided again, or the time after which.");
        from.Required = true;
        var to = LedgerMoment.Option("--to", "Last position that is decided again, or the time until which. Default: the head.");
        var pool = Arguments.IdOption<PoolId>("--pool", "The pool. May be left out when there is only one.");
        var changes = new WhatIfOptions();
        var output = new Option<DirectoryInfo?>("--out") { Description = "Write whatif.svg, timeline.csv and refusals.csv into this folder.", HelpName = "folder" };
        var source = new SourceOptions(globals);
        var command = new Command("whatif", "Decide recorded demand again under other settings and show both side by side. Needs an operator or auditor key.") { from, to, pool, output };
        changes.AddTo(command);
        source.AddTo(command);
        command.SetAction(async (parsed, ct) =>
        {
            await using var events = source.Open(parsed);
            var reader = new WhatIfReader(events, await events.HeadAsync(ct));
            var report = await reader.ReadAsync(parsed.GetRequiredValue(from)!.Value, parsed.GetValue(to), parsed.GetValue(pool), changes.Read(parsed), ct);
            if (parsed.GetValue(globals.Json)) Console.Out.WriteLine(report.ToJson());
            else WhatIfTables.Write(Terminal.Results, report);
            if (parsed.GetValue(output) is { } folder) await WhatIfFiles.WriteAsync(folder, report, ct);
            return 0;
        });
        return command;
    }
}
