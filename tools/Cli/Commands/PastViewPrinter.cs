using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Spectre.Console;
using TokenLedger.Cli.Api;
using TokenLedger.Cli.Replay;
using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;

namespace TokenLedger.Cli.Commands;

/// <summary>Prints a view as it was: as the API's own JSON, or as the tables that show it today.</summary>
internal static class PastViewPrinter
{
    public static async Task<int> PrintAsync(IEventSource source, LedgerMoment moment, string view, PoolId? pool, TenantId? tenant, bool json, CancellationToken ct)
    {
        var position = await moment.ResolveAsync(source, await source.HeadAsync(ct), ct);
        var at = moment.Time ?? (await source.FirstFromAsync(position, ct)).Timestamp;
        if (!json) Console.Error.WriteLine($"After position {position}, at {at:O}:");
        var views = new PastViews(source, position, at);
        if (view == "usage")
        {
            var report = await views.UsageAsync(pool, tenant, ct);
            Write(report, ApiJson.Shapes.UsageReport, json, () => UsageTable.Write(Terminal.Results, report));
            return 0;
        }
        foreach (var one in pool is { } named ? [named] : await views.PoolsAsync(ct))
        {
            if (view == "pool")
            {
                var past = await views.PoolAsync(one, tenant, ct);
                Write(past, ApiJson.Shapes.PoolView, json, () => PoolTables.WriteOne(Terminal.Results, past));
            }
            else
            {
                var past = await views.FairnessAsync(one, tenant, ct);
                Write(past, ApiJson.Shapes.FairnessView, json, () => WriteTable(past));
            }
        }
        return 0;
    }

    /// <summary>With JSON one view is one line.</summary>
    private static void Write<T>(T view, JsonTypeInfo<T> shape, bool json, Action table)
    {
        if (json) Console.Out.WriteLine(JsonSerializer.Serialize(view, shape));
        else table();
    }

    private static void WriteTable(FairnessView view)
    {
        var table = Terminal.NewTable($"pool {view.Pool}", "asked tokens", "received tokens", "debt", "burst", "weight", "limit tok/s", "limit seq").AlignRight(1..);
        foreach (var e in view.Entitlements)
            table.AddPlainRow(e.Entitlement.Value, PoolTables.Number(e.DemandTokens), PoolTables.Number(e.ReceivedTokens), Ratio(e.Debt), Ratio(e.Burst), Ratio(e.Weight),
                PoolTables.Number(e.Limits.TokensPerSecond), PoolTables.Number(e.Limits.Sequences));
        Terminal.Results.Write(table);
        Terminal.Results.WriteLine(view.TickAt is { } tick ? $"Last published tick at {tick:O}; Jain's index {Ratio(view.JainIndex)}." : "No tick was published yet.");
    }

    private static string Ratio(double value) => value.ToString("0.####", CultureInfo.InvariantCulture);
}
