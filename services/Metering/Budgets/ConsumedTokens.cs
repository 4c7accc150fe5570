using Npgsql;
using TokenLedger.Contracts;
using TokenLedger.Core.Metering;
using TokenLedger.Metering.Views;

namespace TokenLedger.Metering.Budgets;

/// <summary>What entitlements have consumed in a month, as far as the view is.</summary>
internal sealed class ConsumedTokens(NpgsqlDataSource source)
{
    private static readonly string s_sum = UsageSql.Load("ConsumedTokens");

    public async Task<long> OfAsync(PoolId pool, EntitlementId entitlement, BillingMonth month, CancellationToken ct)
    {
        await using var command = source.CreateCommand(s_sum);
        foreach (var value in (object[])[pool.Value, entitlement.Value, month.Start, month.End]) command.Parameters.Add(new() { Value = value });
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }
}
