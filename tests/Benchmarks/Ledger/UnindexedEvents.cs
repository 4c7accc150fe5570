using Npgsql;

namespace TokenLedger.Benchmarks;

/// <summary>The table of events without its indexes and triggers, for as long as it takes to fill it: made once over all rows, they cost a third of what they cost row by row.</summary>
internal sealed class UnindexedEvents(NpgsqlConnection connection)
{
    private readonly List<string> _definitions = [];

    public async Task BeginAsync(CancellationToken ct)
    {
        List<string> names = [];
        await using (var command = new NpgsqlCommand(BenchSql.Load("EventIndexes"), connection))
        await using (var row = await command.ExecuteReaderAsync(ct))
            while (await row.ReadAsync(ct))
            {
                names.Add(row.GetString(0));
                _definitions.Add(row.GetString(1));
            }
        foreach (var name in names) await ExecuteAsync($"drop index {name}", ct);
        await ExecuteAsync("set session_replication_role = replica", ct);
    }

    public async Task EndAsync(CancellationToken ct)
    {
        await ExecuteAsync("set maintenance_work_mem = '512MB'", ct);
        foreach (var definition in _definitions) await ExecuteAsync(definition, ct);
        await ExecuteAsync("reset session_replication_role", ct);
        await ExecuteAsync("reset maintenance_work_mem", ct);
    }

    private async Task ExecuteAsync(string sql, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync(ct);
    }
}
