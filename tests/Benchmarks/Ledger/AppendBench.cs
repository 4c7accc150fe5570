using System.Diagnostics;
using TokenLedger.Contracts;
using TokenLedger.Ledger;

namespace TokenLedger.Benchmarks;

/// <summary>
/// What one writer can append, in batches of several sizes and while everything is sealed beside it, against copying the same rows without a ledger
/// and against committing each event by itself.
/// </summary>
internal sealed class AppendBench(Servers servers, BenchOptions options)
{
    private const int Connections = 16;
    private const int LargestBatch = 1_000;
    private static readonly TimeSpan s_pace = TimeSpan.FromMilliseconds(5);
    private static readonly int[] s_sizes = [1, 10, 100, 256, LargestBatch];

    public async Task RunAsync(CancellationToken ct)
    {
        foreach (var size in s_sizes)
        {
            var database = await servers.NewDatabaseAsync(ct);
            await MeasureAsync(database, size, ct);
            await servers.DropAsync(database, ct);
        }
    }

    private async Task MeasureAsync(string database, int size, CancellationToken ct)
    {
        await using var ledger = await Servers.NewLedgerAsync(database, "ledger", ct);
        await using var raw = await Servers.NewLedgerAsync(database, "raw", ct);
        await using var single = await Servers.NewLedgerAsync(database, "single", ct);
        await using var sequence = await Servers.NewLedgerAsync(database, "sequence", ct);
        await using var connection = await raw.OpenConnectionAsync(ct);
        await using var dense = await OneByOneWriter.OpenAsync(single, "InsertOneDense", Connections, ct);
        await using var gappy = await OneByOneWriter.OpenAsync(sequence, "InsertOne", Connections, ct);
        var (appending, copying, inserting) = (new PostgresLedger(ledger), new RawCopy(connection), new Traffic(new("bench"), 8, 1_000));
        await using var sealing = new BackgroundSealer(ledger, appending);
        var (stream, version) = (Streams.Pool(inserting.Pool), 0L);
        foreach (var batch in inserting.Opening().Select(fact => fact.Event).Chunk(LargestBatch)) version = await AppendAsync(batch, version);
        using var flow = inserting.PoolFlow().GetEnumerator();
        // About as many events a round for every size, as far as small batches allow it in the time.
        var events = Math.Max(size * 10, Math.Min(size * 400, 40 * LargestBatch));
        var untilSealed = 0.0;
        var rates = await Rounds.RunAsync(options.Duration, LedgerRoundAsync, () => Task.FromResult(untilSealed), RawRoundAsync, () => SingleRoundAsync(dense), () => SingleRoundAsync(gappy));

        Results.Row($"append/{size}", Rounds.Typical(rates[0], rates[2]), "events/s", $"raw COPY in transactions of {size}");
        Results.Row($"append/{size}-sealed", Rounds.Typical(rates[1], rates[2]), "events/s", $"raw COPY in transactions of {size}");
        if (size == 1) await PacedAsync();
        if (size < LargestBatch) return;
        Results.Row($"append/{size}-to-single", Rounds.Typical(rates[0], rates[3]), "events/s", $"an event per transaction on {Connections} connections, positions dense");
        Results.Row($"append/{size}-to-sequence", Rounds.Typical(rates[0], rates[4]), "events/s", $"an event per transaction on {Connections} connections, positions from a sequence");

        async Task<long> AppendAsync(IReadOnlyList<NewEvent> batch, long after) => (await appending.AppendAsync(stream, after, batch, ct)).FirstVersion + batch.Count - 1;

        async Task<double> LedgerRoundAsync()
        {
            var batches = Take(events).Chunk(size).ToList();
            var started = Stopwatch.GetTimestamp();
            foreach (var batch in batches) version = await AppendAsync(batch, version);
            var appended = Stopwatch.GetElapsedTime(started);
            // What is not sealed by now is not left to be done in the others' time.
            await sealing.WaitForAsync(await appending.HeadAsync(ct), ct);
            untilSealed = events / Stopwatch.GetElapsedTime(started).TotalSeconds;
            return events / appended.TotalSeconds;
        }

        // What one commit takes of a request's time while the machine has little to do: nothing is awake, and nothing is in the processor's cache.
        async Task PacedAsync()
        {
            var (waits, copies) = (new List<double>(), new List<double>());
            var next = new Queue<NewEvent>(Take(2 * (int)(options.Duration / s_pace)));
            using var timer = new PeriodicTimer(s_pace);
            while (next.Count > 1 && await timer.WaitForNextTickAsync(ct))
            {
                waits.Add(await TimeAsync(async () => version = await AppendAsync([next.Dequeue()], version)));
                await timer.WaitForNextTickAsync(ct);
                RawRow[] row = [RawRow.Of(new(stream, next.Dequeue()))];
                copies.Add(await TimeAsync(() => dense.WriteAsync(row, ct)));
            }
            foreach (var share in (double[])[0.5, 0.99])
                Results.Row($"append/1-paced-p{100 * share}", Rounds.Percentile(waits, share), "ms", Rounds.Percentile(copies, share), "one prepared statement and its commit");
        }

        async Task<double> RawRoundAsync()
        {
            var rows = Rows(events);
            return await Rounds.RateAsync(events, () => copying.WriteAsync(rows, size, ct));
        }

        async Task<double> SingleRoundAsync(OneByOneWriter oneByOne)
        {
            var rows = Rows(2 * LargestBatch);
            return await Rounds.RateAsync(rows.Count, () => oneByOne.WriteAsync(rows, ct));
        }

        static async Task<double> TimeAsync(Func<Task> work)
        {
            var started = Stopwatch.GetTimestamp();
            await work();
            return Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        }

        List<RawRow> Rows(int count) => [.. Take(count).Select(recorded => RawRow.Of(new(stream, recorded)))];

        // Events are made before the clock starts, and what making them left behind is not collected under it.
        List<NewEvent> Take(int count)
        {
            var taken = new List<NewEvent>(count);
            while (taken.Count < count && flow.MoveNext()) taken.Add(flow.Current);
            GC.Collect();
            return taken;
        }
    }
}
