using System.CommandLine;
using TokenLedger.Cli.Api;
using TokenLedger.Cli.Reconcile;
using TokenLedger.Contracts;

namespace TokenLedger.Cli.Commands;

/// <summary><c>reconcile</c>: the ledger against an engine's or a provider's export.</summary>
internal static class ReconcileCommand
{
    private const int PageSize = 10_000;

    public static Command Create(Globals globals)
    {
        var file = new Argument<FileInfo>("file") { Description = "CSV with a header: requestId, and at least one of inputTokens, cachedInputTokens, outputTokens, reasoningTokens (or prompt, completion …)." }.AcceptExistingOnly();
        var tenant = Arguments.IdOption<TenantId>("--tenant", "Only the ledger's usage of this tenant.");
        var pool = Arguments.IdOption<PoolId>("--pool", "Only the ledger's usage of this pool.");
        var from = Arguments.Time("--from", "Only what was completed at or after this time (UTC unless it has an offset).");
        var to = Arguments.Time("--to", "Only what was completed before this time.");
        var command = new Command("reconcile", "Compare the ledger with an export, request by request. Lists what is missing, extra or different. Exit code 1 on any difference.") { file, tenant, pool, from, to };
        command.SetAction(async (parsed, ct) =>
        {
            using var api = globals.Connect(parsed);
            var result = new Reconciliation();
            Read(parsed.GetRequiredValue(file), result);
            var position = await TakeLedgerAsync(
                api, [("tenant", parsed.GetValue(tenant)), ("pool", parsed.GetValue(pool)), ("from", parsed.GetValue(from)), ("to", parsed.GetValue(to))], result, ct);
            using var output = Console.OpenStandardOutput();
            using var text = new StreamWriter(output);
            if (parsed.GetValue(globals.Json)) ReconcileOutput.WriteJson(output, result, position);
            else ReconcileOutput.WriteText(text, Terminal.Results, result, position);
            return result.Differences.Any() ? CommandFailure.FailedCode : 0;
        });
        return command;
    }

    private static void Read(FileInfo file, Reconciliation result)
    {
        try
        {
            using var text = file.OpenText();
            result.TakeFile(file.Name, text);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CommandFailure.BadUsage($"{file.Name} cannot be read: {e.Message}");
        }
    }

    /// <summary>The whole history up to where the ledger stood at the first page, so that both sides are of one moment.</summary>
    private static async Task<long> TakeLedgerAsync(ApiClient api, (string Name, object? Value)[] filter, Reconciliation result, CancellationToken ct)
    {
        long? through = null;
        for (long? after = 0; after is not null && after < (through ?? long.MaxValue);)
        {
            var page = await api.GetAsync(Query.Of("v1/usage/events", [.. filter, ("after", after), ("limit", PageSize)]), ApiJson.Shapes.UsageHistory, ct);
            through ??= page.LedgerPosition;
            foreach (var entry in page.Events.Where(entry => entry.Position <= through)) result.Take(entry);
            if (page.Next <= after) throw CommandFailure.Failed($"The history does not go on after position {after}.");
            after = page.Next;
        }
        return through ?? 0;
    }
}
