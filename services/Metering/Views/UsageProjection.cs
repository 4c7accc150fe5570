using Npgsql;
using TokenLedger.Contracts;
using TokenLedger.Hosting;
using TokenLedger.Ledger;

namespace TokenLedger.Metering.Views;

/// <summary>The consumption history and its hourly totals, projected from `tokens-consumed.v1`.</summary>
internal sealed class UsageProjection(Projector projector, ILedger ledger, MeteringMeters meters) : IProjection, ILedgerHandler
{
    public const string FollowerName = "metering-usage";
    private static readonly string s_apply = UsageSql.Load("ApplyUsage");

    public string Name => FollowerName;

    public IReadOnlyCollection<string> Types { get; } = [EventCatalogue.WireName<TokensConsumed>()];

    public FollowerCheckpoint Checkpoint => FollowerCheckpoint.KeptByHandler(ct => ledger.LoadCheckpointAsync(Name, ct));

    public async Task HandleAsync(IReadOnlyList<RecordedEvent> events, long through, CancellationToken ct)
    {
        await projector.ApplyAsync(this, events, through, ct);
        foreach (var recorded in events) meters.Count((TokensConsumed)recorded.Data);
    }

    public async Task ApplyAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, IReadOnlyList<RecordedEvent> events, CancellationToken ct)
    {
        var rows = events.Select(recorded => (recorded.Position, Data: (TokensConsumed)recorded.Data)).ToList();
        T[] Column<T>(Func<TokensConsumed, T> value) => [.. rows.Select(row => value(row.Data))];
        await using var command = new NpgsqlCommand(s_apply, connection, transaction)
        {
            Parameters =
            {
                new() { Value = rows.Select(row => row.Position).ToArray() },
                new() { Value = Column(e => e.Request.Value) },
                new() { Value = Column(e => e.Source) },
                new() { Value = Column(e => e.EventId) },
                new() { Value = Column(e => e.Tenant?.Value ?? "") },
                new() { Value = Column(e => e.Pool?.Value ?? "") },
                new() { Value = Column(e => e.Entitlement?.Value ?? "") },
                new() { Value = Column(e => e.Model ?? "") },
                new() { Value = Column(e => e.Admitted) },
                new() { Value = Column(e => WordConverter<Outcome>.Word(e.Outcome)) },
                new() { Value = Column(e => e.InputTokens) },
                new() { Value = Column(e => e.CachedInputTokens) },
                new() { Value = Column(e => e.OutputTokens) },
                new() { Value = Column(e => e.ReasoningTokens) },
                new() { Value = Column(_ => 0L) }, // No price is known yet, so nothing is charged.
                new() { Value = Column(e => e.CompletedAt) },
            },
        };
        await command.ExecuteNonQueryAsync(ct);
    }
}

/// <summary>The statements in Views/Sql.</summary>
internal static class UsageSql
{
    public static string Load(string name) => EmbeddedSql.Load(typeof(UsageSql).Assembly, $"TokenLedger.Metering.Views.Sql.{name}.sql");
}
