using Npgsql;
using TokenLedger.Contracts.Http;
using TokenLedger.Metering.Views;

namespace TokenLedger.Metering.Statements;

/// <summary>Runs the closing and keeps its history: what closed or issued something, failed, or was asked for by an operator.</summary>
internal sealed class ClosingHistory(StatementClosing closing, NpgsqlDataSource source, TimeProvider clock)
{
    public const string Scheduler = "scheduler";
    private static readonly string s_add = UsageSql.Load("AddRun");
    private static readonly string s_last = UsageSql.Load("LastRuns");
    private static readonly string s_instance = $"{Environment.MachineName}:{Environment.ProcessId}";

    public async Task<ClosingView> RunAsync(string startedBy, CancellationToken ct)
    {
        var startedAt = clock.GetUtcNow();
        try
        {
            var result = await closing.RunAsync(ct);
            var run = new ClosingView(startedAt, clock.GetUtcNow(), startedBy, s_instance, result.Periods, result.Statements);
            if (startedBy != Scheduler || result.Periods.Count > 0 || result.Statements > 0) await SaveAsync(run, ct);
            return run;
        }
        catch (Exception error) when (!ct.IsCancellationRequested)
        {
            await SaveAsync(new(startedAt, clock.GetUtcNow(), startedBy, s_instance, [], 0, $"{error.GetType().Name}: {error.Message}"), ct);
            throw;
        }
    }

    public async Task<ClosingRuns> LastAsync(int limit, CancellationToken ct)
    {
        List<ClosingView> runs = [];
        await using var command = source.CreateCommand(s_last);
        command.Parameters.Add(new() { Value = limit });
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            runs.Add(new(
                reader.GetFieldValue<DateTimeOffset>(0), reader.GetFieldValue<DateTimeOffset>(1), reader.GetString(2), reader.GetString(3), reader.GetFieldValue<string[]>(4), reader.GetInt32(5),
                reader.IsDBNull(6) ? null : reader.GetString(6)));
        return new(runs);
    }

    private async Task SaveAsync(ClosingView run, CancellationToken ct)
    {
        await using var command = source.CreateCommand(s_add);
        foreach (var value in (object[])[run.StartedAt, run.EndedAt, run.StartedBy, run.Instance, run.Periods.ToArray(), run.Statements]) command.Parameters.Add(new() { Value = value });
        command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = run.Error });
        await command.ExecuteNonQueryAsync(ct);
    }
}
