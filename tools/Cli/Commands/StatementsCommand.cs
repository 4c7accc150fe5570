using System.CommandLine;
using System.Globalization;
using Spectre.Console;
using TokenLedger.Cli.Api;
using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;

namespace TokenLedger.Cli.Commands;

/// <summary><c>statements</c>: what tenants are charged, and the runs that close months.</summary>
internal static class StatementsCommand
{
    public static Command Create(Globals globals) =>
        new("statements", "Show what tenants are charged, month by month.") { Show(globals), List(globals), Runs(globals), Close(globals) };

    private static Command Show(Globals globals)
    {
        var (tenant, period) = (Arguments.Id<TenantId>("tenant", "The tenant."), new Argument<string>("month") { Description = "The month, such as 2026-10." });
        var csv = new Option<bool>("--csv") { Description = "Print the API's CSV." };
        var focus = new Option<bool>("--focus") { Description = "Print it in FOCUS 1.2 (CSV)." };
        var draft = new Option<bool>("--draft") { Description = "Show what an open month comes to so far." };
        var command = new Command("show", "Show a tenant's statement for a month.") { tenant, period, csv, focus, draft };
        command.SetAction(async (parsed, ct) =>
        {
            using var api = globals.Connect(parsed);
            var format = parsed.GetValue(focus) ? "focus" : parsed.GetValue(csv) ? "csv" : null;
            var answer = await api.GetAsync(Query.Of(
                $"v1/statements/{parsed.GetRequiredValue(tenant)}/{Uri.EscapeDataString(parsed.GetRequiredValue(period))}", ("format", format), ("draft", parsed.GetValue(draft) ? "true" : null)), ct);
            if (format is not null || parsed.GetValue(globals.Json)) await Terminal.WriteRawAsync(answer, ct);
            else Write(ApiClient.Read(answer, ApiJson.Shapes.StatementView));
            return 0;
        });
        return command;
    }

    private static Command List(Globals globals)
    {
        var tenant = Arguments.Id<TenantId>("tenant", "The tenant.");
        var command = new Command("list", "List a tenant's statements.") { tenant };
        command.SetAction(async (parsed, ct) =>
        {
            using var api = globals.Connect(parsed);
            var answer = await api.GetAsync($"v1/statements/{parsed.GetRequiredValue(tenant)}", ct);
            if (parsed.GetValue(globals.Json))
            {
                await Terminal.WriteRawAsync(answer, ct);
                return 0;
            }
            var table = Terminal.NewTable("month", "currency", "issued", "tokens", "amount", "position").AlignRight(3..);
            foreach (var one in ApiClient.Read(answer, ApiJson.Shapes.StatementList).Statements)
                table.AddPlainRow(one.Period, one.Currency, Time(one.IssuedAt), PoolTables.Number(one.TotalTokens), Amount(one.TotalMicros), PoolTables.Number(one.LedgerPosition));
            Terminal.Results.Write(table);
            return 0;
        });
        return command;
    }

    private static Command Runs(Globals globals)
    {
        var command = new Command("runs", "Show the runs that closed months or failed, the latest first.");
        command.SetAction(async (parsed, ct) =>
        {
            using var api = globals.Connect(parsed);
            var answer = await api.GetAsync("v1/statements/runs", ct);
            if (parsed.GetValue(globals.Json)) await Terminal.WriteRawAsync(answer, ct);
            else WriteRuns(ApiClient.Read(answer, ApiJson.Shapes.ClosingRuns).Runs);
            return 0;
        });
        return command;
    }

    private static Command Close(Globals globals)
    {
        var command = new Command("close", "Close the months that are due now, without waiting for the scheduler.");
        command.SetAction(async (parsed, ct) =>
        {
            using var api = globals.Connect(parsed);
            var answer = await api.SendAsync(HttpMethod.Post, "v1/statements/close", null, ct);
            if (parsed.GetValue(globals.Json)) await Terminal.WriteRawAsync(answer, ct);
            else WriteRuns([ApiClient.Read(answer, ApiJson.Shapes.ClosingView)]);
            return 0;
        });
        return command;
    }

    private static void Write(StatementView statement)
    {
        var table = Terminal.NewTable("of month", "pool", "entitlement", "model", "class", "kind", "category", "commitment", "tokens", "amount").AlignRight(8..);
        foreach (var line in statement.Lines)
            table.AddPlainRow(
                line.OriginalPeriod ?? "", line.Pool?.Value ?? "", line.Entitlement?.Value ?? "", line.Model ?? "", line.ServiceClass is { } serviceClass ? PoolTables.Word(serviceClass) : "",
                PoolTables.Word(line.Kind), PoolTables.Word(line.Category), line.Commitment is { } commitment ? PoolTables.Word(commitment) : "", PoolTables.Number(line.Tokens), Amount(line.Micros));
        table.AddPlainRow("", "", "", "", "", "", "", "total", PoolTables.Number(statement.TotalTokens), Amount(statement.TotalMicros));
        Terminal.Results.Write(table);
        Terminal.Results.WriteLine(statement.Draft
            ? $"A draft in {statement.Currency}, true at ledger position {statement.LastPosition}."
            : $"In {statement.Currency}. Rests on ledger positions {statement.FirstPosition} to {statement.LastPosition}; root of {statement.Checkpoint!.TreeSize} events {statement.Checkpoint.RootHash}.");
    }

    private static void WriteRuns(IReadOnlyList<ClosingView> runs)
    {
        var table = Terminal.NewTable("started", "by", "instance", "closed", "error", "statements").AlignRight(5..);
        foreach (var run in runs) table.AddPlainRow(Time(run.StartedAt), run.StartedBy, run.Instance, string.Join(", ", run.Periods), run.Error ?? "", PoolTables.Number(run.Statements));
        Terminal.Results.Write(table);
    }

    private static string Amount(long micros) => (micros / 1_000_000m).ToString("N6", CultureInfo.InvariantCulture);

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
