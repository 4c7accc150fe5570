using Npgsql;
using NpgsqlTypes;
using TokenLedger.Contracts;
using TokenLedger.Ledger;

namespace TokenLedger.Benchmarks;

/// <summary>A row of <c>mt_events</c> whose JSON is made already.</summary>
internal readonly record struct RawRow(Fact Fact, byte[] Payload)
{
    public static RawRow Of(Fact fact) => new(fact, EventCatalogue.Serialize(fact.Event.Data));
}

/// <summary>
/// What the disk and the indexes allow: binary COPY into the ledger's own tables, indexes, foreign key and trigger, on one connection, without a head, versions to check or JSON to make.
/// It is the baseline of the append, and the quick way to a large ledger.
/// </summary>
internal sealed class RawCopy(NpgsqlConnection connection)
{
    private static readonly string s_copy = BenchSql.Load("CopyEvents");
    private readonly Dictionary<string, long> _versions = [];

    public long Position { get; private set; }

    /// <summary>Writes rows in transactions of so many.</summary>
    public async Task WriteAsync(IEnumerable<RawRow> rows, int transaction, CancellationToken ct)
    {
        foreach (var chunk in rows.Chunk(transaction))
        {
            foreach (var stream in chunk.Select(row => row.Fact.Stream).Distinct()) await OpenStreamAsync(stream, ct);
            // The synchronous calls are the quicker ones, and this is about what is possible.
            using var copy = await connection.BeginBinaryImportAsync(s_copy, ct);
            foreach (var row in chunk) Write(copy, row);
            await copy.CompleteAsync(ct);
        }
    }

    /// <summary>Makes the ledger know what was written: the head, the sequence and the streams' versions.</summary>
    public async Task PublishAsync(CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(BenchSql.Load("PublishRows"), connection)
        {
            Parameters = { new() { Value = Position }, new() { Value = _versions.Keys.ToArray() }, new() { Value = _versions.Values.ToArray() } },
        };
        await command.ExecuteNonQueryAsync(ct);
        await using var statistics = new NpgsqlCommand("vacuum analyze", connection) { CommandTimeout = 0 };
        await statistics.ExecuteNonQueryAsync(ct);
    }

    private void Write(NpgsqlBinaryImporter copy, RawRow row)
    {
        var recorded = row.Fact.Event;
        copy.StartRow();
        copy.Write(++Position, NpgsqlDbType.Bigint);
        copy.Write(recorded.Id, NpgsqlDbType.Uuid);
        copy.Write(row.Fact.Stream, NpgsqlDbType.Varchar);
        copy.Write(_versions[row.Fact.Stream] = _versions.GetValueOrDefault(row.Fact.Stream) + 1, NpgsqlDbType.Bigint);
        copy.Write(row.Payload, NpgsqlDbType.Jsonb);
        copy.Write(EventCatalogue.Of(recorded.Data.GetType()).WireName, NpgsqlDbType.Varchar);
        copy.Write(recorded.Timestamp, NpgsqlDbType.TimestampTz);
        if (recorded.CorrelationId is { } correlation) copy.Write(correlation, NpgsqlDbType.Varchar);
        else copy.WriteNull();
        copy.WriteNull();
    }

    private async Task OpenStreamAsync(string stream, CancellationToken ct)
    {
        if (!_versions.TryAdd(stream, 0)) return;
        await using var command = new NpgsqlCommand(BenchSql.Load("OpenStream"), connection) { Parameters = { new() { Value = stream } } };
        await command.ExecuteNonQueryAsync(ct);
    }
}

/// <summary>The statements in Sql/.</summary>
internal static class BenchSql
{
    public static string Load(string name) => EmbeddedSql.Load(typeof(BenchSql).Assembly, $"TokenLedger.Benchmarks.Sql.{name}.sql");
}
