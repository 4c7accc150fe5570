using Npgsql;
using TokenLedger.Contracts;
using TokenLedger.Hosting;
using TokenLedger.Ledger;

namespace TokenLedger.Metering.Views;

/// <summary>The consumption history and its hourly totals, projected from `tokens-consumed.v1`.</summary>
internal sealed class UsageProjection(Projector projector, ILedger ledger, MeteringMeters meters) : IProjection, ILedgerHandler
{
    public const string FollowerName = "metering-usage";
    private static readonly string s_copy = UsageSql.Load("CopyUsage");
    private static readonly Dictionary<Outcome, string> s_outcomes = Enum.GetValues<Outcome>().ToDictionary(outcome => outcome, WordConverter<Outcome>.Word);

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
        var (entries, hours) = (new CopyRows(events.Count), new HourTotals());
        foreach (var recorded in events)
        {
            var e = (TokensConsumed)recorded.Data;
            AddEntry(entries, recorded.Position, e);
            hours.Add(e);
        }
        await entries.SendAsync(connection, s_copy, ct);
        await hours.WriteAsync(connection, transaction, ct);
    }

    private static void AddEntry(CopyRows rows, long position, TokensConsumed e)
    {
        rows.BeginRow(16);
        rows.Add(position);
        rows.Add(e.Request.Value);
        rows.Add(e.Source);
        rows.Add(e.EventId);
        rows.Add(e.Tenant?.Value ?? "");
        rows.Add(e.Pool?.Value ?? "");
        rows.Add(e.Entitlement?.Value ?? "");
        rows.Add(e.Model ?? "");
        rows.Add(e.Admitted);
        rows.Add(s_outcomes[e.Outcome]);
        rows.Add(e.InputTokens);
        rows.Add(e.CachedInputTokens);
        rows.Add(e.OutputTokens);
        rows.Add(e.ReasoningTokens);
        rows.Add(0L); // No price is known yet, so nothing is charged.
        rows.Add(e.CompletedAt);
    }
}

/// <summary>The statements in Views/Sql.</summary>
internal static class UsageSql
{
    public static string Load(string name) => EmbeddedSql.Load(typeof(UsageSql).Assembly, $"TokenLedger.Metering.Views.Sql.{name}.sql");
}
