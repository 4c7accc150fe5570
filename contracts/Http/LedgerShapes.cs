using System.Text.Json;

namespace TokenLedger.Contracts.Http;

public sealed record LedgerHead(long Position);

/// <summary>A recorded event as the API shows it.</summary>
public sealed record EventView(
    long Position, string Stream, long Version, Guid Id, string Type, DateTimeOffset Timestamp, JsonElement Data, string? CorrelationId, string? CausationId);

/// <summary>A page of the ledger; the next starts after <see cref="Through"/>.</summary>
public sealed record LedgerEvents(long Head, long Through, IReadOnlyList<EventView> Events);

/// <summary>Fairness of a pool after its last tick, with Jain's index over received ÷ asked for of the entitlements that asked for something.</summary>
public sealed record FairnessView(PoolId Pool, long LedgerPosition, DateTimeOffset? TickAt, double JainIndex, IReadOnlyList<FairnessShare> Entitlements);

public sealed record FairnessHistory(PoolId Pool, IReadOnlyList<FairnessView> Ticks);

/// <summary>Replicas of a pool as last reported.</summary>
public sealed record CapacityView(PoolId Pool, int Replicas, long LedgerPosition);
