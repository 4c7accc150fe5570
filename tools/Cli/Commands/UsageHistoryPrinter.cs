using System.Globalization;
using System.Text.Json;
using TokenLedger.Cli.Api;
using TokenLedger.Contracts.Http;

namespace TokenLedger.Cli.Commands;

/// <summary>Prints the consumption history page by page, so that a history of any length needs the memory of one page.</summary>
internal static class UsageHistoryPrinter
{
    private const string Header = "position\tcompletedAt\ttenant\tpool\tentitlement\trequestId\toutcome\tinputTokens\tcachedInputTokens\toutputTokens\treasoningTokens\tcostMicros\tnote";

    public static async Task PrintAsync(
        ApiClient api, (string Name, object? Value)[] filter, int pageSize, bool json, TextWriter output, CancellationToken ct)
    {
        if (!json) await output.WriteLineAsync(Header);
        long? after = null;
        do
        {
            var path = Query.Of("v1/usage/events", [.. filter, ("after", after), ("limit", pageSize)]);
            var page = await api.GetAsync(path, ApiJson.Shapes.UsageHistory, ct);
            foreach (var entry in page.Events)
                await output.WriteLineAsync(json ? JsonSerializer.Serialize(entry, ApiJson.Shapes.UsageEntry) : Line(entry));
            if (page.Next <= after) throw CommandFailure.Failed($"The history does not go on after position {after}.");
            after = page.Next;
        }
        while (after is not null);
    }

    private static string Line(UsageEntry e) => string.Create(CultureInfo.InvariantCulture,
        $"{e.Position}\t{e.CompletedAt.UtcDateTime:O}\t{e.Tenant}\t{e.Pool}\t{e.Entitlement}\t{e.RequestId}\t{PoolTables.Word(e.Outcome)}\t{e.InputTokens}\t{e.CachedInputTokens}\t{e.OutputTokens}\t{e.ReasoningTokens}\t{e.CostMicros}\t{Note(e)}");

    private static string Note(UsageEntry e) => e.Corrects is { } corrects ? $"corrects position {corrects.Position}: {corrects.Reason}" : e.EndLost is true ? "the end is lost" : e.Admitted ? "" : "not admitted";
}
