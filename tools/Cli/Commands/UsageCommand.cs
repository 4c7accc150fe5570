using System.CommandLine;
using TokenLedger.Cli.Api;
using TokenLedger.Contracts;

namespace TokenLedger.Cli.Commands;

/// <summary><c>usage</c>: consumption by group and window, and event by event.</summary>
internal static class UsageCommand
{
    public static Command Create(Globals globals)
    {
        var filter = new UsageFilter();
        var window = new Option<string?>("--window") { Description = "Length of a window of time: hour, day, month or none." };
        window.AcceptOnlyFromAmong("hour", "day", "month", "none");
        var groupBy = new Option<string?>("--group-by") { Description = "Comma-separated: tenant, pool, entitlement, model.", HelpName = "fields" };
        var csv = new Option<bool>("--csv") { Description = "Print the API's CSV." };
        var command = new Command("usage", "Show what was consumed, with totals.") { window, groupBy, csv, Events(globals, filter), UsageCorrectCommand.Create(globals) };
        foreach (var option in filter.Options) command.Add(option);
        command.SetAction(async (parsed, ct) =>
        {
            using var api = globals.Connect(parsed);
            var asCsv = parsed.GetValue(csv);
            var path = Query.Of("v1/usage",
                [.. filter.Read(parsed), ("window", parsed.GetValue(window)), ("groupBy", parsed.GetValue(groupBy)), ("format", asCsv ? "csv" : null)]);
            var answer = await api.GetAsync(path, ct);
            if (asCsv || parsed.GetValue(globals.Json)) await Terminal.WriteRawAsync(answer, ct);
            else UsageTable.Write(Terminal.Results, ApiClient.Read(answer, ApiJson.Shapes.UsageReport));
            return 0;
        });
        return command;
    }

    private static Command Events(Globals globals, UsageFilter filter)
    {
        var pageSize = Arguments.Number("--page-size", "Entries asked for at once.", 1000, 1, 10_000);
        var command = new Command("events", "Print the consumption history, event by event, to its end. With --json one entry per line.") { pageSize };
        foreach (var option in filter.Options) command.Add(option);
        command.SetAction(async (parsed, ct) =>
        {
            using var api = globals.Connect(parsed);
            using var output = new StreamWriter(Console.OpenStandardOutput());
            await UsageHistoryPrinter.PrintAsync(api, filter.Read(parsed), parsed.GetValue(pageSize), parsed.GetValue(globals.Json), output, ct);
            return 0;
        });
        return command;
    }

    /// <summary>What both forms of the command can be narrowed down to.</summary>
    private sealed class UsageFilter
    {
        private readonly Option<TenantId?> _tenant = Arguments.IdOption<TenantId>("--tenant", "Only this tenant.");
        private readonly Option<PoolId?> _pool = Arguments.IdOption<PoolId>("--pool", "Only this pool.");
        private readonly Option<EntitlementId?> _entitlement = Arguments.IdOption<EntitlementId>("--entitlement", "Only this entitlement.");
        private readonly Option<string?> _model = new("--model") { Description = "Only this model.", HelpName = "model" };
        private readonly Option<DateTimeOffset?> _from = Arguments.Time("--from", "Only what was completed at or after this time (UTC unless it has an offset).");
        private readonly Option<DateTimeOffset?> _to = Arguments.Time("--to", "Only what was completed before this time.");

        public IEnumerable<Option> Options => [_tenant, _pool, _entitlement, _model, _from, _to];

        public (string Name, object? Value)[] Read(ParseResult parsed) =>
        [
            ("tenant", parsed.GetValue(_tenant)), ("pool", parsed.GetValue(_pool)), ("entitlement", parsed.GetValue(_entitlement)),
            ("model", parsed.GetValue(_model)), ("from", parsed.GetValue(_from)), ("to", parsed.GetValue(_to)),
        ];
    }
}
