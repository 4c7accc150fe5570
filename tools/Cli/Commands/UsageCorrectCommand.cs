using System.CommandLine;
using System.Text.Json;
using Spectre.Console;
using TokenLedger.Cli.Api;
using TokenLedger.Contracts.Http;

namespace TokenLedger.Cli.Commands;

/// <summary><c>usage correct</c>: adds a correction to recorded usage.</summary>
internal static class UsageCorrectCommand
{
    public static Command Create(Globals globals)
    {
        var id = new Option<string>("--id") { Description = "Your key for this correction: the same again is the same correction.", Required = true, HelpName = "id" };
        var source = new Option<string>("--source") { Description = "Source of the usage event.", Required = true, HelpName = "source" };
        var usage = new Option<string>("--event") { Description = "Id of the usage event.", Required = true, HelpName = "id" };
        var reason = new Option<string>("--reason") { Description = "Why.", Required = true, HelpName = "text" };
        var (input, cached, output, reasoning) = (Delta("--input", "input"), Delta("--cached-input", "cached input"), Delta("--output", "output"), Delta("--reasoning", "reasoning"));
        var command = new Command("correct", "Correct recorded usage by what is added to it. The usage itself stays as it is.") { id, source, usage, reason, input, cached, output, reasoning };
        command.SetAction(async (parsed, ct) =>
        {
            using var api = globals.Connect(parsed);
            var body = new PostCorrection(
                parsed.GetRequiredValue(id), new(parsed.GetRequiredValue(source), parsed.GetRequiredValue(usage)),
                new(parsed.GetValue(input), parsed.GetValue(cached), parsed.GetValue(output), parsed.GetValue(reasoning)), parsed.GetRequiredValue(reason));
            var answer = await api.SendAsync(HttpMethod.Post, "v1/usage/corrections", JsonSerializer.SerializeToUtf8Bytes(body, ApiJson.Shapes.PostCorrection), ct);
            if (parsed.GetValue(globals.Json)) await Terminal.WriteRawAsync(answer, ct);
            else if (ApiClient.Read(answer, ApiJson.Shapes.CorrectionResult) is { Duplicate: var again, LedgerPosition: var position }) Terminal.Results.WriteLine($"{(again == true ? "Was recorded before" : "Recorded")} at ledger position {position}.");
            return 0;
        });
        return command;
    }

    private static Option<long?> Delta(string name, string kind) => new(name) { Description = $"Added to the {kind} tokens; negative takes away.", HelpName = "n" };
}
