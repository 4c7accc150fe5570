using System.CommandLine;
using TokenLedger.Cli.Replay;
using TokenLedger.Contracts;

namespace TokenLedger.Cli.Commands;

/// <summary><c>explain</c>: why a request was admitted or refused, and what became of it.</summary>
internal static class ExplainCommand
{
    public static Command Create(Globals globals)
    {
        var request = Arguments.Id<RequestId>("request", "Id of the request.");
        var pool = Arguments.IdOption<PoolId>("--pool", "The pool that decided. Default: all are searched, which reads the whole ledger.");
        var source = new SourceOptions(globals);
        var command = new Command("explain", "Tell why a request was admitted or refused, by replaying its pool up to it. Needs an operator or auditor key. Exit code 1 when the ledger has no decision on it.")
        {
            request, pool,
        };
        source.AddTo(command);
        command.SetAction(async (parsed, ct) =>
        {
            await using var events = source.Open(parsed);
            var id = parsed.GetRequiredValue(request);
            var reports = await new RequestReader(events, id).ReadAsync(parsed.GetValue(pool), ct);
            if (reports.Count == 0) throw CommandFailure.Failed($"The ledger has no decision on request {id}. Refusals past a pool's bound of a second are counted without their ids.");
            foreach (var report in reports)
                if (parsed.GetValue(globals.Json)) Console.Out.WriteLine(report.ToJson());
                else ExplainText.Write(Terminal.Results, report);
            return 0;
        });
        return command;
    }
}
