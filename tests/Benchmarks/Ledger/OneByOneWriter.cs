using Npgsql;
using NpgsqlTypes;
using TokenLedger.Contracts;

namespace TokenLedger.Benchmarks;

/// <summary>
/// What an event store does that commits each event by itself: one prepared statement and one commit per event, on many connections at once, each with a stream of its own.
/// Positions come from the head's row, as this ledger promises them, and then each commit waits for the one before; or from a sequence, which has gaps and no order of commit,
/// and then nothing but the disk makes them wait.
/// </summary>
internal sealed class OneByOneWriter : IAsyncDisposable
{
    private readonly List<NpgsqlCommand> _commands = [];

    public static async Task<OneByOneWriter> OpenAsync(NpgsqlDataSource source, string statement, int connections, CancellationToken ct)
    {
        var writer = new OneByOneWriter();
        for (var i = 0; i < connections; i++)
        {
            var connection = await source.OpenConnectionAsync(ct);
            await using (var open = new NpgsqlCommand(BenchSql.Load("OpenStream"), connection) { Parameters = { new() { Value = $"pool-{i}" } } }) await open.ExecuteNonQueryAsync(ct);
            var command = new NpgsqlCommand(BenchSql.Load(statement), connection);
            NpgsqlDbType[] types = [NpgsqlDbType.Varchar, NpgsqlDbType.Uuid, NpgsqlDbType.Jsonb, NpgsqlDbType.Varchar, NpgsqlDbType.TimestampTz, NpgsqlDbType.Varchar];
            foreach (var type in types) command.Parameters.Add(new() { NpgsqlDbType = type });
            command.Parameters[0].Value = $"pool-{i}";
            await command.PrepareAsync(ct);
            writer._commands.Add(command);
        }
        return writer;
    }

    public Task WriteAsync(IReadOnlyList<RawRow> rows, CancellationToken ct) =>
        Task.WhenAll(_commands.Select((command, first) => Task.Run(() => WriteAsync(command, rows, first, ct), ct)));

    public async ValueTask DisposeAsync()
    {
        foreach (var command in _commands)
        {
            await command.Connection!.DisposeAsync();
            await command.DisposeAsync();
        }
    }

    private async Task WriteAsync(NpgsqlCommand command, IReadOnlyList<RawRow> rows, int first, CancellationToken ct)
    {
        for (var i = first; i < rows.Count; i += _commands.Count)
        {
            var recorded = rows[i].Fact.Event;
            command.Parameters[1].Value = recorded.Id;
            command.Parameters[2].Value = rows[i].Payload;
            command.Parameters[3].Value = EventCatalogue.Of(recorded.Data.GetType()).WireName;
            command.Parameters[4].Value = recorded.Timestamp;
            command.Parameters[5].Value = (object?)recorded.CorrelationId ?? DBNull.Value;
            await command.ExecuteNonQueryAsync(ct);
        }
    }
}
