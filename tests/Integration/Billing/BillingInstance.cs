using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using TokenLedger.Contracts;
using TokenLedger.Core.Metering;
using TokenLedger.Ledger;
using TokenLedger.Metering;
using TokenLedger.Tests.Integration.Http;

namespace TokenLedger.Tests.Integration.Billing;

/// <summary>Metering alone over a database, with a clock that stands; what the other services would record is appended by the test.</summary>
internal static class BillingInstance
{
    /// <summary>Without the scheduler only what the test asks for is closed.</summary>
    public static readonly (string, string)[] Quiet = [("Metering:Scheduled", "false")];

    public static Task<ApiInstance> StartAsync(string connection, TimeProvider clock, Func<ILedger, ILedger>? ledger = null, (string, string)[]? settings = null) =>
        ApiInstance.StartAsync(builder =>
        {
            builder.AddMetering();
            if (ledger is not null) builder.Services.AddSingleton(provider => ledger(new PostgresLedger(provider.GetRequiredService<Npgsql.NpgsqlDataSource>())));
        }, app => app.MapMetering(), connection, clock, settings ?? Quiet);

    public static async Task<long> AppendAsync(this ApiInstance api, string stream, DateTimeOffset at, params ILedgerEvent[] events)
    {
        var ct = TestContext.Current.CancellationToken;
        var version = await api.Ledger.VersionAsync(stream, ct);
        return (await api.Ledger.AppendAsync(stream, version, [.. events.Select(data => new NewEvent(Guid.NewGuid(), at.ToLedgerTime(), data))], ct)).FirstPosition + events.Length - 1;
    }

    public static async Task<JsonNode> CloseAsync(this ApiInstance api) => (await api.Operator.PostAsync("/v1/statements/close")).MustBe(200).Json;

    public static async Task<List<RecordedEvent>> EventsAsync(this ApiInstance api)
    {
        var events = new List<RecordedEvent>();
        LedgerPage page;
        do
        {
            page = await api.Ledger.ReadAllAsync(events.Count == 0 ? 0 : events[^1].Position, 1_000, null, null, TestContext.Current.CancellationToken);
            events.AddRange(page.Events);
        } while (page.Events.Count > 0);
        return events;
    }

    /// <summary>The statements that a plain sum over the ledger's events comes to, and those that were issued, in one notation.</summary>
    public static (List<string> Expected, List<string> Issued) Statements(IReadOnlyList<RecordedEvent> events)
    {
        var fold = new StatementFold();
        foreach (var recorded in events) fold.Evolve(recorded);
        var expected = new List<string>();
        BillingMonth? previous = null;
        foreach (var closed in events.Select(recorded => recorded.Data).OfType<BillingPeriodClosed>())
        {
            var month = BillingMonth.Parse(closed.Period);
            expected.AddRange(TenantBills.Of(fold.Lines, previous, month).Select(bill => Text(bill.Tenant, closed.Period, bill.TotalTokens, bill.TotalMicros, bill.FirstPosition, bill.Lines)));
            previous = month;
        }
        return (expected, [.. events.Select(recorded => recorded.Data).OfType<StatementIssued>().Select(e => Text(e.Tenant, e.Period, e.TotalTokens, e.TotalMicros, e.FirstPosition, e.Lines))]);
    }

    private static string Text(TenantId tenant, string period, long tokens, long micros, long first, IReadOnlyList<StatementLine> lines) =>
        $"{period} {tenant} {tokens} {micros} from {first}\n{string.Join('\n', lines)}";
}
