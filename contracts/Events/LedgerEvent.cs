namespace TokenLedger.Contracts;

/// <summary>A fact as it is recorded and published. Its wire name and version stand in <see cref="EventCatalogue"/>.</summary>
#pragma warning disable CA1040 // A closed set of records needs a common type and nothing more.
public interface ILedgerEvent;
#pragma warning restore CA1040

/// <summary>An event to be appended. The id makes the fact unique in the whole ledger for ever: derive it from the fact's own key where it has one (<see cref="EventIds"/>).</summary>
public sealed record NewEvent(Guid Id, DateTimeOffset Timestamp, ILedgerEvent Data, string? CorrelationId = null, string? CausationId = null);

/// <summary>An event as the ledger holds it: its place in the whole (dense, from 1) and in its stream (dense, from 1).</summary>
public sealed record RecordedEvent(
    long Position, string Stream, long Version, Guid Id, string Type, DateTimeOffset Timestamp, ILedgerEvent Data,
    string? CorrelationId = null, string? CausationId = null);
