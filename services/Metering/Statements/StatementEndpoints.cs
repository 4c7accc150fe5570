using System.Globalization;
using Microsoft.Extensions.Options;
using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;
using TokenLedger.Core.Metering;
using TokenLedger.Hosting.Access;
using TokenLedger.Hosting.Problems;
using TokenLedger.Ledger;
using TokenLedger.Metering.Views;

namespace TokenLedger.Metering.Statements;

/// <summary>The statements of tenants, in three formats, and the runs that issue them.</summary>
internal static class StatementEndpoints
{
    private const int MostRuns = 1_000;

    public static void MapStatements(this IEndpointRouteBuilder routes)
    {
        var statements = routes.MapGroup("/v1/statements").WithTags("Statements").RequireAuthorization(Policies.Finance);
        statements.MapGet("/{tenant}", ListAsync).Produces<StatementList>();
        statements.MapGet("/{tenant}/{period}", GetAsync).Produces<StatementView>();
        statements.MapGet("/runs", RunsAsync).Produces<ClosingRuns>();
        routes.MapPost("/v1/statements/close", CloseAsync).WithTags("Statements").RequireAuthorization(Policies.Operator).Produces<ClosingView>();
    }

    private static async Task<IResult> ListAsync(TenantId tenant, HttpContext http, StatementClosing closing, ILedger ledger, CancellationToken ct)
    {
        if (IsForeign(http, tenant)) return Foreign();
        var ids = (await closing.PeriodsAsync(ct)).Select(period => EventIds.Statement(tenant, ((BillingPeriodClosed)period.Data).Period)).ToList();
        var issued = await ledger.FindAsync(ids, ct);
        return TypedResults.Ok(new StatementList(tenant,
        [
            .. from recorded in issued
               orderby recorded.Position
               let e = (StatementIssued)recorded.Data
               select new StatementSummary(e.Period, e.Currency, e.TotalTokens, e.TotalMicros, recorded.Timestamp, recorded.Position),
        ]));
    }

    private static async Task<IResult> GetAsync(
        TenantId tenant, string period, string? format, bool? draft, HttpContext http, StatementClosing closing, BillingLines lines, ILedger ledger, IOptions<MeteringOptions> options, CancellationToken ct)
    {
        var fields = new Fields();
        fields.Require(BillingMonth.TryParse(period, out var month), "period", "must be a month such as 2026-10");
        fields.Require(format is null or "json" or "csv" or "focus", "format", "must be json, csv or focus");
        if (fields.Problem is { } invalid) return invalid;
        if (IsForeign(http, tenant)) return Foreign();
        if ((await ledger.FindAsync([EventIds.Statement(tenant, month.ToString())], ct)).SingleOrDefault() is { } issued) return Answer(View(issued), format, options.Value);
        var periods = await closing.PeriodsAsync(ct);
        BillingMonth? last = periods.Count > 0 ? BillingMonth.Parse(((BillingPeriodClosed)periods[^1].Data).Period) : null;
        if (month <= last) return Problem.NotFound("statement-missing", $"The month {month} is closed and tenant '{tenant}' has no statement: nothing was charged, or it is being issued.");
        if (draft == true) return Answer(await DraftAsync(tenant, month, last, lines, options.Value, ct), format, options.Value);
        return Problem.NotFound("statement-open", string.Create(CultureInfo.InvariantCulture, $"The month {month} is open. It is closed at {closing.ClosesAt(month):yyyy-MM-ddTHH:mm:ssZ} or soon after; ?draft=true shows what it comes to so far."));
    }

    private static async Task<StatementView> DraftAsync(TenantId tenant, BillingMonth month, BillingMonth? last, BillingLines lines, MeteringOptions options, CancellationToken ct)
    {
        var (position, found) = await lines.ReadAsync(last, month, tenant, ct);
        // What belongs to a month before this one will be billed in that.
        var bill = TenantBills.Of(found.Where(line => last is null || line.Key.Period == month), last, month).SingleOrDefault();
        return new(
            tenant, month.ToString(), month.Start, month.End, options.Currency, options.Issuer, bill?.TotalTokens ?? 0, bill?.TotalMicros ?? 0, bill?.FirstPosition ?? position, position,
            Draft: true, bill?.Lines ?? []);
    }

    private static async Task<IResult> RunsAsync(int? limit, HttpContext http, ClosingHistory history, CancellationToken ct)
    {
        if (limit is < 1 or > MostRuns) return Problem.Invalid("limit", $"must be 1 to {MostRuns}");
        return http.GetCaller().BoundTenant() is null ? TypedResults.Ok(await history.LastAsync(limit ?? 100, ct)) : Foreign();
    }

    private static async Task<IResult> CloseAsync(HttpContext http, ClosingHistory history, CancellationToken ct) =>
        TypedResults.Ok(await history.RunAsync(http.GetCaller().Key.Value, ct));

    private static StatementView View(RecordedEvent recorded)
    {
        var e = (StatementIssued)recorded.Data;
        return new(
            e.Tenant, e.Period, e.Start, e.End, e.Currency, e.Issuer, e.TotalTokens, e.TotalMicros, e.FirstPosition, e.LastPosition,
            Draft: false, e.Lines, new(e.TreeSize, e.RootHash), recorded.Timestamp, recorded.Position);
    }

    private static IResult Answer(StatementView statement, string? format, MeteringOptions options) => format switch
    {
        "csv" => StatementCsv.Write(statement),
        "focus" => FocusCsv.Write(statement, options),
        _ => TypedResults.Ok(statement),
    };

    private static bool IsForeign(HttpContext http, TenantId tenant) => http.GetCaller().BoundTenant() is { } own && own != tenant;

    private static IResult Foreign() =>
        Problem.Of(StatusCodes.Status403Forbidden, "foreign-tenant", "Another tenant", "This key is bound to one tenant and sees only that.");
}
