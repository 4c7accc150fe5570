using System.Diagnostics;
using TokenLedger.Benchmarks.Views;
using TokenLedger.Ledger;
using TokenLedger.Ledger.Sealing;

namespace TokenLedger.Benchmarks;

/// <summary>A ledger as some pools leave it after a long day: admissions, usage and settlements in turns, books closed now and then, everything sealed and signed, every publisher at the head.</summary>
internal sealed class FilledLedger
{
    private const int Pools = 4;
    private const int EventsPerBook = 50_000;
    private const int Transaction = 10_000;
    private const int Turn = 300;
    private const int SealedAtOnce = 65_536;
    private static readonly string[] s_publishers = ["publisher-admission", "publisher-metering", "publisher-fairness", "publisher-autoscaler"];

    public required string Connection { get; init; }

    public required long Events { get; init; }

    public static async Task<FilledLedger> CreateAsync(Servers servers, long events, CancellationToken ct)
    {
        var connection = await servers.NewDatabaseAsync(ct);
        await using (var host = new MeteringHost(connection)) await host.UpgradeAsync(ct);
        var traffic = Enumerable.Range(0, Pools).Select(i => new Traffic(new($"pool-{i}"), 8, 250, EventsPerBook, seed: i)).ToList();
        return await WriteAsync(connection, traffic.SelectMany(one => one.Opening()).Concat(InTurns(traffic)), events, ct);
    }

    /// <summary>Writes these events into a new database, up to so many.</summary>
    public static async Task<FilledLedger> WriteAsync(string connection, IEnumerable<Fact> facts, long most, CancellationToken ct)
    {
        Results.Say($"Filling a ledger with up to {most} events ...");
        await using var source = LedgerDatabase.Open(connection);
        await using var opened = await source.OpenConnectionAsync(ct);
        var began = Stopwatch.GetTimestamp();
        var (copy, indexes) = (new RawCopy(opened), new UnindexedEvents(opened));
        await indexes.BeginAsync(ct);
        // The next rows are made while the ones before are written.
        var (left, writing) = (most, Task.CompletedTask);
        foreach (var chunk in facts.Chunk(Transaction))
        {
            RawRow[] rows = [.. chunk.Take((int)Math.Min(chunk.Length, left)).Select(RawRow.Of)];
            await writing;
            writing = Task.Run(() => copy.WriteAsync(rows, Transaction, ct), ct);
            if ((left -= rows.Length) <= 0) break;
        }
        await writing;
        await indexes.EndAsync(ct);
        await copy.PublishAsync(ct);
        var ledger = new PostgresLedger(source);
        var sealer = new LedgerSealer(source);
        while (await sealer.SealAsync(SealedAtOnce, ct) > 0) { }
        using var key = LedgerKey.Create();
        await new CheckpointSigner(source, key, origin: null, interval: TimeSpan.FromSeconds(1)).SignAsync(TimeProvider.System.GetUtcNow(), ct);
        foreach (var publisher in s_publishers) await ledger.SaveCheckpointAsync(publisher, copy.Position, ct);
        Results.Say($"Filled and sealed in {Stopwatch.GetElapsedTime(began).TotalSeconds:0.#} s.");
        return new() { Connection = connection, Events = copy.Position };
    }

    public async Task<long> CountAsync(string type, CancellationToken ct)
    {
        await using var source = LedgerDatabase.Open(Connection);
        await using var command = source.CreateCommand(BenchSql.Load("CountAccepted"));
        command.Parameters.Add(new() { Value = new[] { type } });
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }

    /// <summary>Takes the usage view back to before its first event.</summary>
    public async Task ForgetUsageAsync(CancellationToken ct)
    {
        await using var source = LedgerDatabase.Open(Connection);
        await using var forget = source.CreateCommand("truncate usage_consumption, usage_hourly, usage_daily, usage_streams, billing_lines, billing_covered");
        await forget.ExecuteNonQueryAsync(ct);
        await using var checkpoint = source.CreateCommand("delete from mt_event_progression where name = 'metering-usage'");
        await checkpoint.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Seconds that it takes to read the rows of some types, or of all, one after the other and do nothing with them.</summary>
    public async Task<double> ReadSecondsAsync(string? type, CancellationToken ct)
    {
        await using var source = LedgerDatabase.Open(Connection);
        var rows = 0L;
        var rate = await Rounds.RateAsync(1, async () =>
        {
            await using var command = source.CreateCommand(BenchSql.Load("ReadRows"));
            command.CommandTimeout = 0;
            command.Parameters.Add(new() { Value = (object?)type ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Varchar });
            await using var reader = await command.ExecuteReaderAsync(ct);
            while (await reader.ReadAsync(ct)) rows += reader.GetFieldValue<byte[]>(5).Length > 0 ? 1 : 0;
        });
        return rows > 0 ? 1 / rate : throw new BenchException($"The ledger holds nothing of type {type}.");
    }

    private static IEnumerable<Fact> InTurns(List<Traffic> traffic)
    {
        var flows = traffic.ConvertAll(one => one.Flow().GetEnumerator());
        while (true)
            foreach (var flow in flows)
                for (var i = 0; i < Turn && flow.MoveNext(); i++) yield return flow.Current;
    }
}
