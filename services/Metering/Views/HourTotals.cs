using Npgsql;
using TokenLedger.Contracts;
using TokenLedger.Core.Metering;

namespace TokenLedger.Metering.Views;

/// <summary>What a batch of entries adds to the hourly totals, summed up before it is written: a row is touched once for a batch, not once for an entry.</summary>
internal sealed class HourTotals
{
    private static readonly string s_add = UsageSql.Load("AddToHours");
    private readonly Dictionary<Key, Sums> _hours = [];

    public void Add(TokensConsumed e, long costMicros) =>
        Of(e.CompletedAt, e.Tenant, e.Pool, e.Entitlement, e.Model).Add(1, e.InputTokens, e.CachedInputTokens, e.OutputTokens, e.ReasoningTokens, costMicros);

    public void Add(UsageCorrected e, long costMicros) =>
        Of(e.CompletedAt, e.Tenant, e.Pool, e.Entitlement, e.Model).Add(e.Requests, e.InputTokens, e.CachedInputTokens, e.OutputTokens, e.ReasoningTokens, costMicros);

    public async Task WriteAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, CancellationToken ct)
    {
        if (_hours.Count == 0) return;
        await using var command = new NpgsqlCommand(s_add, connection, transaction)
        {
            Parameters =
            {
                Keys(key => key.Hour), Keys(key => key.Tenant), Keys(key => key.Pool), Keys(key => key.Entitlement), Keys(key => key.Model),
                Values(sums => sums.Requests), Values(sums => sums.InputTokens), Values(sums => sums.CachedInputTokens), Values(sums => sums.OutputTokens), Values(sums => sums.ReasoningTokens),
                Values(sums => sums.CostMicros),
            },
        };
        await command.PrepareAsync(ct);
        await command.ExecuteNonQueryAsync(ct);
    }

    private Sums Of(DateTimeOffset completedAt, TenantId? tenant, PoolId? pool, EntitlementId? entitlement, string? model)
    {
        var key = new Key(CommitmentHour.HourOf(completedAt), tenant?.Value ?? "", pool?.Value ?? "", entitlement?.Value ?? "", model ?? "");
        if (!_hours.TryGetValue(key, out var sums)) _hours[key] = sums = new();
        return sums;
    }

    private NpgsqlParameter Keys<T>(Func<Key, T> value) => new() { Value = _hours.Keys.Select(value).ToArray() };

    private NpgsqlParameter Values(Func<Sums, long> value) => new() { Value = _hours.Values.Select(value).ToArray() };

    private readonly record struct Key(DateTimeOffset Hour, string Tenant, string Pool, string Entitlement, string Model);

    private sealed class Sums
    {
        public long Requests { get; private set; }
        public long InputTokens { get; private set; }
        public long CachedInputTokens { get; private set; }
        public long OutputTokens { get; private set; }
        public long ReasoningTokens { get; private set; }
        public long CostMicros { get; private set; }

        public void Add(int requests, long input, long cachedInput, long output, long reasoning, long costMicros)
        {
            Requests += requests;
            InputTokens += input;
            CachedInputTokens += cachedInput;
            OutputTokens += output;
            ReasoningTokens += reasoning;
            CostMicros += costMicros;
        }
    }
}
