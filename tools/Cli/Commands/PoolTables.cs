using System.Globalization;
using System.Text.Json;
using Spectre.Console;
using TokenLedger.Contracts.Http;

namespace TokenLedger.Cli.Commands;

/// <summary>Pools and entitlements as tables.</summary>
internal static class PoolTables
{
    public static void Write(IAnsiConsole console, IReadOnlyList<PoolView> pools)
    {
        var table = Terminal.NewTable("pool", "model", "policy", "replicas", "dimension", "capacity", "committed", "held", "available").AlignRight(5..);
        foreach (var pool in pools)
        {
            var dimensions = pool.Dimensions;
            var policy = Word(pool.Policy) + (pool.Shadow ? " (shadow)" : "");
            Row(table, [pool.Pool.Value, pool.Model, policy, Number(pool.Replicas)], "tokens (rates per second)", dimensions.Tokens);
            Row(table, ["", "", "", ""], "KV-cache bytes", dimensions.KvCacheBytes);
            Row(table, ["", "", "", ""], "sequences", dimensions.Sequences);
        }
        console.Write(table);
    }

    public static void WriteOne(IAnsiConsole console, PoolView pool)
    {
        Write(console, [pool]);
        console.WriteLine($"Policy {Word(pool.Policy)}{(pool.Shadow ? ", in shadow mode: refusals are recorded and admitted" : "")}; lends {pool.Lending.ToString("0.#%", CultureInfo.InvariantCulture)} of idle guaranteed baselines.");
        console.WriteLine(pool.Estimation.Enabled
            ? $"Reserves the output that {pool.Estimation.Quantile.ToString("0.#%", CultureInfo.InvariantCulture)} of requests do not exceed, once {Number(pool.Estimation.MinSamples)} have ended."
            : "Reserves the output limit of each request.");
        var table = Terminal.NewTable(
            "entitlement", "tenant", "class", "state", "baseline tok/s", "limit tok/s", "limit KV bytes", "limit seq", "in flight tokens", "in flight seq", "debt", "burst", "weight")
            .AlignRight(4..);
        foreach (var e in pool.Entitlements)
            table.AddPlainRow(
                e.Entitlement.Value, e.Tenant.Value, Word(e.ServiceClass), Word(e.State), Number(e.Baseline.TokensPerSecond),
                Number(e.EffectiveLimits.TokensPerSecond), Number(e.EffectiveLimits.KvCacheBytes), Number(e.EffectiveLimits.Sequences),
                Number(e.InFlight.Tokens), Number(e.InFlight.Sequences), Ratio(e.Debt), Ratio(e.Burst), Ratio(e.Weight));
        console.Write(table);
    }

    public static string Number(long amount) => amount.ToString("N0", CultureInfo.InvariantCulture);

    public static string Word<TEnum>(TEnum word) where TEnum : struct, Enum => JsonNamingPolicy.KebabCaseLower.ConvertName(word.ToString());

    private static string Ratio(double value) => value.ToString("0.###", CultureInfo.InvariantCulture);

    private static void Row(Table table, ReadOnlySpan<string> pool, string dimension, DimensionView view) => table.AddPlainRow(
        [.. pool, dimension, Number(view.Capacity), Number(view.Committed), Number(view.Held), Number(view.Available)]);
}
