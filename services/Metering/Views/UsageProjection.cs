using Microsoft.Extensions.Options;
using Npgsql;
using TokenLedger.Contracts;
using TokenLedger.Hosting;
using TokenLedger.Ledger;

namespace TokenLedger.Metering.Views;

/// <summary>The consumption history and its hourly totals, projected from `tokens-consumed.v1` and `usage-corrected.v1`, and how far streams have come by `tokens-streamed.v1`.</summary>
internal sealed class UsageProjection(Projector projector, ILedger ledger, MeteringMeters meters, IOptions<MeteringOptions> options) : IProjection, ILedgerHandler
{
    public const string FollowerName = "metering-usage";
    private const string CorrectionSource = EventIds.OwnPrefix + "correction";
    private static readonly string s_copy = UsageSql.Load("CopyUsage");
    private static readonly string s_copyCorrections = UsageSql.Load("CopyCorrections");
    private static readonly Dictionary<Outcome, string> s_outcomes = Enum.GetValues<Outcome>().ToDictionary(outcome => outcome, WordConverter<Outcome>.Word);

    public string Name => FollowerName;

    /// <summary>One follower of all three, so that an answer is true at one position.</summary>
    public static IReadOnlyList<Type> Events { get; } = [typeof(TokensConsumed), typeof(TokensStreamed), typeof(UsageCorrected)];

    public IReadOnlyCollection<string> Types { get; } = [.. Events.Select(type => EventCatalogue.Of(type).WireName)];

    public FollowerCheckpoint Checkpoint => FollowerCheckpoint.KeptByHandler(ct => ledger.LoadCheckpointAsync(Name, ct));

    public async Task HandleAsync(IReadOnlyList<RecordedEvent> events, long through, CancellationToken ct)
    {
        await projector.ApplyAsync(this, events, through, ct);
        foreach (var consumed in events.Select(recorded => recorded.Data).OfType<TokensConsumed>()) meters.Count(consumed);
    }

    public async Task ApplyAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, IReadOnlyList<RecordedEvent> events, CancellationToken ct)
    {
        var (entries, corrections, hours, streams) = (new CopyRows(events.Count), new CopyRows(1), new HourTotals(), new StreamRows());
        var corrected = false;
        foreach (var recorded in events)
            switch (recorded.Data)
            {
                case TokensConsumed e:
                    AddEntry(entries, recorded.Position, e);
                    hours.Add(e);
                    streams.End(e.Pool, e.Request);
                    break;
                case UsageCorrected e:
                    AddCorrection(corrections, recorded.Position, e);
                    hours.Add(e);
                    corrected = true;
                    break;
                case TokensStreamed e:
                    streams.Add(e, recorded.Timestamp);
                    break;
            }
        await entries.SendAsync(connection, s_copy, ct);
        if (corrected) await corrections.SendAsync(connection, s_copyCorrections, ct);
        await hours.WriteAsync(connection, transaction, ct);
        await streams.WriteAsync(connection, transaction, TimeSpan.FromDays(options.Value.StreamDays), ct);
    }

    private static void AddEntry(CopyRows rows, long position, TokensConsumed e)
    {
        rows.BeginRow(17);
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
        rows.Add(e.EndLost == true);
    }

    private static void AddCorrection(CopyRows rows, long position, UsageCorrected e)
    {
        rows.BeginRow(22);
        rows.Add(position);
        rows.Add(e.Request.Value);
        rows.Add(CorrectionSource);
        rows.Add(e.CorrectionId);
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
        rows.Add((short)e.Requests);
        rows.Add(e.Corrects.Position);
        rows.Add(e.Corrects.Source);
        rows.Add(e.Corrects.EventId);
        rows.Add(e.Reason);
        rows.Add(e.Author);
    }
}

/// <summary>The statements in Views/Sql.</summary>
internal static class UsageSql
{
    public static string Load(string name) => EmbeddedSql.Load(typeof(UsageSql).Assembly, $"TokenLedger.Metering.Views.Sql.{name}.sql");
}
