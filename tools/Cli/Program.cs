using System.CommandLine;
using System.CommandLine.Invocation;
using TokenLedger.Cli;
using TokenLedger.Cli.Commands;

var command = CommandTree.Create().Parse(args);
// The errors say what is wrong; the whole help after them would hide it.
if (command.Action is ParseErrorAction { } error) error.ShowHelp = command.CommandResult.Command.Action is null;
try
{
    var code = await command.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
    return command.Action is ParseErrorAction ? CommandFailure.BadUsageCode : code;
}
catch (CommandFailure failure)
{
    await Console.Error.WriteLineAsync($"tokenledger: {failure.Message}");
    return failure.ExitCode;
}
catch (OperationCanceledException)
{
    await Console.Error.WriteLineAsync("tokenledger: interrupted.");
    return CommandFailure.FailedCode;
}
