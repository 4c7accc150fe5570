using Npgsql;
using TokenLedger.Contracts;
using TokenLedger.Core.Metering;

namespace TokenLedger.Metering.Views;

/// <summary>The used-up commitments that a batch needs: read before it, written after it where they changed.</summary>
internal sealed class CoveredHours(NpgsqlConnection connection, NpgsqlTransaction transaction)
{
    private static readonly string s_of = UsageSql.Load("CoveredOf");
    private static readonly string s_before = UsageSql.Load("CoveredBefore");
    private static readonly string s_save = UsageSql.Load("SaveCovered");
    private readonly Dictionary<CommitmentHour, long> _stored = [];

    public Dictionary<CommitmentHour, long> Tokens { get; } = [];

    public async Task LoadAsync(IReadOnlyCollection<CommitmentHour> hours, CancellationToken ct)
    {
        if (hours.Count == 0) return;
        await using var command = new NpgsqlCommand(s_of, connection, transaction)
        {
            Parameters = { Array(hours, hour => hour.Hour), Array(hours, hour => hour.Pool.Value), Array(hours, hour => hour.Entitlement.Value) },
        };
        await ReadAsync(command, ct);
    }

    /// <summary>All hours of a month that closes; what the batch has added to them stays.</summary>
    public async Task LoadAsync(DateTimeOffset? from, DateTimeOffset to, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(s_before, connection, transaction)
        {
            Parameters = { new() { Value = (object?)from ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.TimestampTz }, new() { Value = to } },
        };
        await ReadAsync(command, ct);
    }

    public async Task SaveAsync(CancellationToken ct)
    {
        var changed = Tokens.Where(pair => _stored.GetValueOrDefault(pair.Key) != pair.Value).ToList();
        if (changed.Count == 0) return;
        await using var command = new NpgsqlCommand(s_save, connection, transaction)
        {
            Parameters =
            {
                Array(changed, pair => pair.Key.Hour), Array(changed, pair => pair.Key.Pool.Value), Array(changed, pair => pair.Key.Entitlement.Value), Array(changed, pair => pair.Value),
            },
        };
        await command.PrepareAsync(ct);
        await command.ExecuteNonQueryAsync(ct);
    }

    private async Task ReadAsync(NpgsqlCommand command, CancellationToken ct)
    {
        await command.PrepareAsync(ct);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            var hour = new CommitmentHour(new PoolId(reader.GetString(0)), new EntitlementId(reader.GetString(1)), reader.GetFieldValue<DateTimeOffset>(2));
            if (_stored.TryAdd(hour, reader.GetInt64(3))) Tokens.TryAdd(hour, reader.GetInt64(3));
        }
    }

    private static NpgsqlParameter Array<TSource, T>(IReadOnlyCollection<TSource> from, Func<TSource, T> value) => new() { Value = from.Select(value).ToArray() };
}
