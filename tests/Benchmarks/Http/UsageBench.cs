using System.Diagnostics;
using System.Text.Json;
using TokenLedger.Contracts;
using TokenLedger.Ledger;

namespace TokenLedger.Benchmarks.Http;

/// <summary>
/// Usage of admitted requests over HTTP, in batches, until the view has it all, while finance asks; against raw COPY of as many events in transactions of a batch.
/// The metering service runs by itself: what settles the reservations is another service.
/// </summary>
internal sealed class UsageBench(Servers servers, BenchOptions options)
{
    private const int Batch = 100;
    private const int Connections = 16;
    private const int Turns = 3;
    private const int WarmUpSeconds = 10;
    private const int AppendedAtOnce = 5_000;
    private const int AdmittedPerSecond = 40_000;
    private const int RawEvents = 50_000;
    private const string Against = "raw COPY in transactions of 100";
    private static readonly TimeSpan s_betweenQueries = TimeSpan.FromMilliseconds(50);
    private static readonly string[] s_queries = ["v1/usage?window=month&groupBy=tenant", "v1/usage?tenant=one&window=day", "v1/usage/events?tenant=one&limit=100"];
    private readonly List<double> _queries = [];

    private sealed record Turn(double Projected, double Accepted, double DrainMs, long Refused, double Microseconds);

    public async Task RunAsync(CancellationToken ct)
    {
        var (database, other) = (await servers.NewDatabaseAsync(ct), await servers.NewDatabaseAsync(ct));
        string key;
        await using (var product = await Instance.StartProductAsync(database, ct)) key = await AdmitBench.OpenPoolAsync(product, ct);
        await using var ledger = LedgerDatabase.Open(database);
        await using var raw = await Servers.NewLedgerAsync(other, "raw", ct);
        await using var connection = await raw.OpenConnectionAsync(ct);
        var (copy, traffic) = (new RawCopy(connection), new Traffic(new("bench"), 8, 1_000));
        _ = traffic.Opening().Count();
        using var flow = traffic.Flow().Where(fact => fact.Stream == Streams.Usage(traffic.Pool)).GetEnumerator();
        List<Turn> turns = [];
        List<double> copied = [];
        await using (var metering = await Instance.StartMeteringAsync(database, ct))
        {
            await LoadAsync(metering, key, Wrk.NewPrefix(), WarmUpSeconds, ct);
            for (var turn = 0; turn < Turns; turn++)
            {
                var prefix = Wrk.NewPrefix();
                await AdmitAsync(new PostgresLedger(ledger), prefix, ct);
                turns.Add(await AskedMeanwhileAsync(metering, () => LoadAsync(metering, key, prefix, Math.Max(1, options.Seconds / Turns), ct), ct));
                copied.Add(await CopyAsync(copy, flow, ct));
            }
        }
        Results.Row("usage/projected", Rounds.Typical([.. turns.Select(turn => turn.Projected)], copied), "events/s", Against);
        Results.Row("usage/accepted", Rounds.Typical([.. turns.Select(turn => turn.Accepted)], copied), "events/s", Against);
        Results.Row("usage/processor", Rounds.Median(turns.Select(turn => turn.Microseconds)), "µs/event");
        Results.Row("usage/drain", Rounds.Median(turns.Select(turn => turn.DrainMs)), "ms");
        Results.Row("usage/query-p50", Rounds.Percentile(_queries, 0.5), "ms");
        Results.Row("usage/query-p99", Rounds.Percentile(_queries, 0.99), "ms");
        Results.Row("usage/refused", turns.Sum(turn => turn.Refused), "requests");
        await servers.DropAsync(database, ct);
        await servers.DropAsync(other, ct);
    }

    /// <summary>Posts batches for a time, and waits until the view holds what was accepted.</summary>
    private static async Task<Turn> LoadAsync(Instance metering, string key, string prefix, int seconds, CancellationToken ct)
    {
        var (started, processor) = (Stopwatch.GetTimestamp(), metering.ProcessorTime);
        var seen = await Wrk.RunAsync("Http/usage.lua", metering.Url, [$"{Batch}", key, prefix], Connections, seconds, ct);
        var ended = Stopwatch.GetTimestamp();
        await metering.GetAsync($"v1/usage?atLeast={Position(await metering.GetAsync("v1/ledger/head", ct), "position")}", ct);
        var all = Stopwatch.GetElapsedTime(started).TotalSeconds;
        var events = seen.Accepted * Batch;
        return new(events / all, events * 1e6 / seen.Microseconds, Stopwatch.GetElapsedTime(ended).TotalMilliseconds, seen.Refused + seen.Broken,
            (metering.ProcessorTime - processor).TotalMicroseconds / Math.Max(1, events));
    }

    /// <summary>Asks in turn what finance asks, all the time that something else runs.</summary>
    private async Task<Turn> AskedMeanwhileAsync(Instance metering, Func<Task<Turn>> load, CancellationToken ct)
    {
        using var timer = new PeriodicTimer(s_betweenQueries);
        var loading = load();
        for (var i = 0; !loading.IsCompleted; i++)
        {
            var started = Stopwatch.GetTimestamp();
            await metering.GetAsync(s_queries[i % s_queries.Length], ct);
            _queries.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            await timer.WaitForNextTickAsync(ct);
        }
        return await loading;
    }

    /// <summary>Admits the requests that the script will report, so that each report is joined with its admission.</summary>
    private async Task AdmitAsync(PostgresLedger ledger, string prefix, CancellationToken ct)
    {
        var (pool, stream, at) = (new PoolId("bench"), Streams.Pool(new("bench")), new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        var each = AdmittedPerSecond * Math.Max(1, options.Seconds / Turns) / Wrk.Threads;
        var requests = from n in Enumerable.Range(1, each) from thread in Enumerable.Range(0, Wrk.Threads) select RequestId.Parse($"{prefix}-{thread:x4}-4000-8000-{n:x12}");
        var version = await ledger.VersionAsync(stream, ct);
        foreach (var chunk in requests.Chunk(AppendedAtOnce))
        {
            await ledger.AppendAsync(stream, version, [.. chunk.Select(request => new NewEvent(EventIds.Admission(pool, request), at, new RequestAdmitted(
                pool, request, new("one"), new("one"), 500, 200, "chat", 200, new(700, 700, 1), 1, at.AddYears(10)), request.ToString()))], ct);
            version += chunk.Length;
        }
    }

    private static Task<double> CopyAsync(RawCopy copy, IEnumerator<Fact> flow, CancellationToken ct)
    {
        List<RawRow> rows = new(RawEvents);
        while (rows.Count < RawEvents && flow.MoveNext()) rows.Add(RawRow.Of(flow.Current));
        return Rounds.RateAsync(rows.Count, () => copy.WriteAsync(rows, Batch, ct));
    }

    private static long Position(string json, string field)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.GetProperty(field).GetInt64();
    }
}
