using System.Text.Json;
using Microsoft.AspNetCore.Http;
using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;
using TokenLedger.Ledger;

namespace TokenLedger.Hosting;

/// <summary>Streams events as NDJSON, one line each, page by page: up to the limit, or to where the head was when the answer began.</summary>
internal sealed class EventLines(ILedger ledger, EventQuery query) : IResult
{
    public const string ContentType = "application/x-ndjson";
    private const int PageEvents = 1_000;

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var (response, ct) = (httpContext.Response, httpContext.RequestAborted);
        response.ContentType = ContentType;
        var (after, left, head) = (query.After, query.Limit, await ledger.HeadAsync(ct));
        while (left > 0 && after < head)
        {
            var page = await ledger.ReadAllAsync(after, (int)Math.Min(left, PageEvents), query.Types, query.Stream, ct);
            // What was appended since the answer began is left for the next one, or a busy ledger would never end it.
            var events = page.Events.Where(e => e.Position <= head).ToArray();
            await WriteAsync(response, events, ct);
            (after, left) = (page.Through, left - events.Length);
        }
    }

    public static EventView View(RecordedEvent e) =>
        new(e.Position, e.Stream, e.Version, e.Id, e.Type, e.Timestamp, JsonSerializer.SerializeToElement(e.Data, EventCatalogue.Of(e.Data.GetType()).Json), e.CorrelationId, e.CausationId);

    private static async Task WriteAsync(HttpResponse response, RecordedEvent[] events, CancellationToken ct)
    {
        foreach (var e in events)
        {
            await JsonSerializer.SerializeAsync(response.BodyWriter, View(e), HttpJson.Default.EventView, ct);
            "\n"u8.CopyTo(response.BodyWriter.GetSpan(1));
            response.BodyWriter.Advance(1);
        }
        await response.BodyWriter.FlushAsync(ct);
    }
}
