using System.Diagnostics;
using System.Globalization;
using Npgsql;
using TokenLedger.Benchmarks.Http;
using TokenLedger.Ledger;

namespace TokenLedger.Benchmarks.Views;

/// <summary>
/// What finance waits for over HTTP while a year of usage grows to 50 million events. The rows of the totals are made as the projection would leave them; the entries behind them are not,
/// for these questions do not read them.
/// </summary>
internal sealed class RollupBench(Servers servers, BenchOptions options)
{
    private const int Tenants = 100;
    private const int Pools = 2;
    private const int EventsAnHour = 29;
    private const int Fewest = 20;
    private static readonly DateTimeOffset s_start = new(2025, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly int[] s_months = [1, 3, 6, 12];
    private static readonly (string Name, string Query)[] s_questions =
    [
        ("year-by-month-and-tenant", "v1/usage?window=month&groupBy=tenant"),
        ("year-of-a-tenant-by-month", "v1/usage?tenant=tenant-42&window=month&groupBy=model"),
        ("month-of-a-tenant-by-day", "v1/usage?tenant=tenant-42&window=day&from=2025-01-01T00:00:00Z&to=2025-02-01T00:00:00Z"),
        ("month-of-a-tenant-by-hour", "v1/usage?tenant=tenant-42&window=hour&from=2025-01-01T00:00:00Z&to=2025-02-01T00:00:00Z"),
    ];

    public async Task RunAsync(CancellationToken ct)
    {
        var database = await servers.NewDatabaseAsync(ct);
        await using (var host = new MeteringHost(database)) await host.UpgradeAsync(ct);
        await using var source = LedgerDatabase.Open(database);
        await using var metering = await Instance.StartMeteringAsync(database, ct);
        Dictionary<string, double> smallest = [];
        var filled = s_start;
        foreach (var months in s_months)
        {
            var end = s_start.AddMonths(months);
            await FillAsync(source, filled, end, ct);
            filled = end;
            var events = (end - s_start).TotalHours * Tenants * Pools * EventsAnHour;
            foreach (var (name, query) in s_questions)
            {
                var p99 = await P99Async(metering, query, ct);
                smallest.TryAdd(name, p99);
                Results.Row(string.Create(CultureInfo.InvariantCulture, $"rollups/{name}-{events / 1e6:0}M-p99"), (p99, smallest[name]), "ms", "the first month alone");
            }
        }
        await servers.DropAsync(database, ct);
    }

    private static async Task FillAsync(NpgsqlDataSource source, DateTimeOffset from, DateTimeOffset to, CancellationToken ct)
    {
        Results.Say($"Filling {from:yyyy-MM} to before {to:yyyy-MM} ...");
        await RunAsync(source, BenchSql.Load("FillHours"), [from, to, Tenants, (long)EventsAnHour], ct);
        await RunAsync(source, BenchSql.Load("FillDays"), [from, to], ct);
        await RunAsync(source, "vacuum analyze usage_hourly, usage_daily", [], ct);
    }

    private static async Task RunAsync(NpgsqlDataSource source, string sql, object[] values, CancellationToken ct)
    {
        await using var command = source.CreateCommand(sql);
        command.CommandTimeout = 0;
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        await command.ExecuteNonQueryAsync(ct);
    }

    private async Task<double> P99Async(Instance metering, string query, CancellationToken ct)
    {
        List<double> times = [];
        var began = Stopwatch.GetTimestamp();
        await metering.GetAsync(query, ct);
        while (times.Count < Fewest || Stopwatch.GetElapsedTime(began) < options.Duration / s_questions.Length)
        {
            var started = Stopwatch.GetTimestamp();
            await metering.GetAsync(query, ct);
            times.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        }
        return Rounds.Percentile(times, 0.99);
    }
}
