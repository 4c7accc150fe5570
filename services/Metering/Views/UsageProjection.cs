using Microsoft.Extensions.Options;
using Npgsql;
using TokenLedger.Contracts;
using TokenLedger.Core.Metering;
using TokenLedger.Hosting;
using TokenLedger.Ledger;
using TokenLedger.Metering.Budgets;

namespace TokenLedger.Metering.Views;

/// <summary>The consumption history with its corrections, what it costs, its totals and the lines of statements; and how far streams have come by `tokens-streamed.v1`.</summary>
internal sealed class UsageProjection(Projector projector, ILedger ledger, MeteringMeters meters, BudgetWatch budgets, IOptions<MeteringOptions> options) : IProjection, ILedgerHandler
{
    public const string FollowerName = "metering-usage";
    private const string CorrectionSource = EventIds.OwnPrefix + "correction";
    private static readonly string s_copy = UsageSql.Load("CopyUsage");
    private static readonly string s_copyCorrections = UsageSql.Load("CopyCorrections");
    private static readonly string s_position = UsageSql.Load("UsagePosition");
    private static readonly Dictionary<Outcome, string> s_outcomes = Enum.GetValues<Outcome>().ToDictionary(outcome => outcome, WordConverter<Outcome>.Word);

    private static readonly Dictionary<ServiceClass, string> s_classes = Enum.GetValues<ServiceClass>().ToDictionary(serviceClass => serviceClass, WordConverter<ServiceClass>.Word);
    private readonly LedgerBook _book = new(ledger);

    public string Name => FollowerName;

    /// <summary>One follower of all, so that an answer is true at one position.</summary>
    public static IReadOnlyList<Type> Events { get; } = [typeof(TokensConsumed), typeof(TokensStreamed), typeof(UsageCorrected), .. BillingBook.Types];

    public IReadOnlyCollection<string> Types { get; } = [.. Events.Select(type => EventCatalogue.Of(type).WireName)];

    public FollowerCheckpoint Checkpoint => FollowerCheckpoint.KeptByHandler(ct => ledger.LoadCheckpointAsync(Name, ct));

    public async Task HandleAsync(IReadOnlyList<RecordedEvent> events, long through, CancellationToken ct)
    {
        try
        {
            await projector.ApplyAsync(this, events, through, ct);
        }
        catch
        {
            _book.Forget(); // It may be ahead of what was committed.
            throw;
        }
        if (events.Count > 0 || budgets.IsBehind) await budgets.LookAsync(events, await _book.AtAsync(through, ct), ct);
        foreach (var consumed in events.Select(recorded => recorded.Data).OfType<TokensConsumed>()) meters.Count(consumed);
    }

    public async Task ApplyAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, IReadOnlyList<RecordedEvent> events, CancellationToken ct)
    {
        var (position, anyStreams) = await PositionAsync(connection, transaction, ct);
        var bill = new BillingBatch(await _book.AtAsync(position, ct), new(connection, transaction));
        await bill.PrepareAsync(events, connection, transaction, ct);
        var (entries, corrections, hours, streams) = (new CopyRows(events.Count), new CopyRows(1), new HourTotals(), new StreamRows(anyStreams));
        var corrected = false;
        foreach (var recorded in events)
            switch (recorded.Data)
            {
                case TokensConsumed e:
                    var charge = bill.Charge(e, recorded.Position);
                    AddEntry(entries, recorded.Position, e, charge);
                    hours.Add(e, charge.Micros);
                    streams.End(e.Pool, e.Request);
                    break;
                case UsageCorrected e:
                    var change = bill.Charge(e, recorded.Position);
                    AddCorrection(corrections, recorded.Position, e, change);
                    hours.Add(e, change.Micros);
                    corrected = true;
                    break;
                case TokensStreamed e:
                    streams.Add(e, recorded.Timestamp);
                    break;
                default:
                    await bill.EvolveAsync(recorded, ct);
                    break;
            }
        await entries.SendAsync(connection, s_copy, ct);
        if (corrected) await corrections.SendAsync(connection, s_copyCorrections, ct);
        await hours.WriteAsync(connection, transaction, ct);
        await bill.WriteAsync(connection, transaction, ct);
        await streams.WriteAsync(connection, transaction, TimeSpan.FromDays(options.Value.StreamDays), ct);
    }

    private static async Task<(long Position, bool AnyStreams)> PositionAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(s_position, connection, transaction);
        await command.PrepareAsync(ct);
        await using var row = await command.ExecuteReaderAsync(ct);
        await row.ReadAsync(ct);
        return (row.GetInt64(0), row.GetBoolean(1));
    }

    private static void AddEntry(CopyRows rows, long position, TokensConsumed e, EntryCharge charge)
    {
        rows.BeginRow(19);
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
        rows.Add(charge.Micros);
        rows.Add(e.CompletedAt);
        rows.Add(e.EndLost == true);
        AddClass(rows, e.ServiceClass, charge);
    }

    private static void AddCorrection(CopyRows rows, long position, UsageCorrected e, EntryCharge charge)
    {
        rows.BeginRow(24);
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
        rows.Add(charge.Micros);
        rows.Add(e.CompletedAt);
        rows.Add((short)e.Requests);
        rows.Add(e.Corrects.Position);
        rows.Add(e.Corrects.Source);
        rows.Add(e.Corrects.EventId);
        rows.Add(e.Reason);
        rows.Add(e.Author);
        AddClass(rows, e.ServiceClass, charge);
    }

    private static void AddClass(CopyRows rows, ServiceClass? serviceClass, EntryCharge charge)
    {
        rows.Add(serviceClass is { } known ? s_classes[known] : "");
        rows.Add(charge.Covered);
    }
}

/// <summary>The statements in Views/Sql.</summary>
internal static class UsageSql
{
    public static string Load(string name) => EmbeddedSql.Load(typeof(UsageSql).Assembly, $"TokenLedger.Metering.Views.Sql.{name}.sql");
}
