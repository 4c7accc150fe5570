using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using TokenLedger.Contracts.Http;
using TokenLedger.Hosting.Access;
using TokenLedger.Hosting.Problems;
using TokenLedger.Ledger;

namespace TokenLedger.Hosting;

/// <summary>The ledger itself, for auditors: every event as it was recorded.</summary>
public static class LedgerEndpoints
{
    private const string Tag = "Ledger";

    public static void MapLedger(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/v1/ledger").WithTags(Tag).RequireAuthorization(Policies.Auditor);
        group.MapGet("/head", HeadAsync).WithSummary("The position of the last event.");
        group.MapGet("/events", EventsAsync).WithSummary("Events in order of position, as JSON or, line by line, as NDJSON.")
            .Produces<LedgerEvents>(contentType: "application/json", additionalContentTypes: [EventLines.ContentType]).ProducesProblem(StatusCodes.Status400BadRequest);
    }

    private static async Task<JsonHttpResult<LedgerHead>> HeadAsync(ILedger ledger, CancellationToken ct) =>
        TypedResults.Json(new LedgerHead(await ledger.HeadAsync(ct)), HttpJson.Default.LedgerHead);

    private static async Task<IResult> EventsAsync(HttpRequest request, ILedger ledger, string? after, string? limit, string? stream, string? type, CancellationToken ct)
    {
        var lines = WantsLines(request);
        if (EventQuery.Read(after, limit, stream, type, bounded: !lines, out var query) is { Count: > 0 } errors) return Problem.Invalid(errors);
        return lines ? new EventLines(ledger, query) : await PageAsync(ledger, query, ct);
    }

    private static async Task<IResult> PageAsync(ILedger ledger, EventQuery query, CancellationToken ct)
    {
        var page = await ledger.ReadAllAsync(query.After, (int)query.Limit, query.Types, query.Stream, ct);
        // The head is asked for after the page, so that it is never behind it.
        var head = await ledger.HeadAsync(ct);
        return TypedResults.Json(new LedgerEvents(head, page.Through, [.. page.Events.Select(EventLines.View)]), HttpJson.Default.LedgerEvents);
    }

    private static bool WantsLines(HttpRequest request) =>
        request.GetTypedHeaders().Accept.Any(accept => accept.MediaType.Equals(EventLines.ContentType, StringComparison.OrdinalIgnoreCase));
}
