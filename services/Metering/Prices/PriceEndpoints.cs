using Microsoft.Extensions.Options;
using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;
using TokenLedger.Hosting.Access;
using TokenLedger.Hosting.Problems;
using TokenLedger.Ledger;

namespace TokenLedger.Metering.Prices;

/// <summary>Setting and showing prices.</summary>
internal static class PriceEndpoints
{
    private const int MostRates = 100;
    private const int PageSize = 1_000;

    /// <summary>A thousand units of the currency for a million tokens.</summary>
    private const long MostMicros = 1_000_000_000;
    private static readonly DateTimeOffset s_earliest = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset s_latest = new(2100, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static void MapPrices(this IEndpointRouteBuilder routes)
    {
        var prices = routes.MapGroup("/v1/prices").WithTags("Prices").RequireAuthorization(Policies.Finance);
        prices.MapGet("/", (ILedger ledger, IOptions<MeteringOptions> options, CancellationToken ct) => ListAsync(null, ledger, options, ct)).Produces<PriceLists>();
        prices.MapGet("/{model}", (string model, ILedger ledger, IOptions<MeteringOptions> options, CancellationToken ct) => ListAsync(model, ledger, options, ct)).Produces<PriceLists>();
        prices.MapPut("/{model}", PutAsync).Produces<PriceListView>();
    }

    private static async Task<IResult> PutAsync(
        string model, PutPrices body, HttpContext http, StreamWriter<PriceSet, PriceAnswer> writer, ILedger ledger, IOptions<MeteringOptions> options, TimeProvider clock, CancellationToken ct)
    {
        var fields = new Fields();
        var from = (body.EffectiveFrom ?? clock.GetUtcNow()).ToLedgerTime();
        fields.Text(model, "model", 200);
        fields.Require(from >= s_earliest && from < s_latest, "effectiveFrom", "must lie between the years 2000 and 2100");
        var rates = Rates(body.Rates, fields);
        if (fields.Problem is { } invalid) return invalid;
        if (http.GetCaller().BoundTenant() is not null)
            return Problem.Of(StatusCodes.Status403Forbidden, "foreign-tenant", "Another tenant", "This key is bound to one tenant: prices are everybody's.");
        var set = new PriceSet(model, from, rates, http.GetCaller().Key.Value);
        var answer = await writer.SendAsync(set, ct);
        return TypedResults.Ok(View(set, answer.Position ?? await ledger.HeadAsync(ct), options.Value));
    }

    private static List<PriceRate> Rates(IReadOnlyList<RateShape>? shapes, Fields fields)
    {
        fields.Require(shapes is { Count: > 0 and <= MostRates }, "rates", $"must be 1 to {MostRates} rates");
        List<PriceRate> rates = [];
        foreach (var (i, shape) in (shapes ?? []).Take(MostRates).Index())
        {
            fields.Require(shape is not null, $"rates[{i}]", "must be an object");
            if (shape is null) continue;
            var rate = new PriceRate(
                fields.Required(shape.Kind, $"rates[{i}].kind"), fields.Range(shape.MicrosPerMillion, $"rates[{i}].microsPerMillion", 0, MostMicros), shape.ServiceClass);
            fields.Require(shape.Kind is null || !rates.Exists(other => (other.Kind, other.ServiceClass) == (rate.Kind, rate.ServiceClass)), $"rates[{i}]", "is the second rate of its kind and class");
            fields.Require(rate is not { Kind: PriceKind.Committed, ServiceClass: ServiceClass.Spot or ServiceClass.Preemptible }, $"rates[{i}].serviceClass", "commits nothing: this class has surplus only");
            rates.Add(rate);
        }
        return rates;
    }

    private static async Task<IResult> ListAsync(string? model, ILedger ledger, IOptions<MeteringOptions> options, CancellationToken ct)
    {
        List<PriceListView> views = [];
        IReadOnlyList<RecordedEvent> page;
        var after = 0L;
        do
        {
            page = await ledger.ReadStreamAsync(Streams.Prices, after, PageSize, ct);
            foreach (var recorded in page)
            {
                after = recorded.Version;
                if (recorded.Data is PriceSet e && (model is null || e.Model == model)) views.Add(View(e, recorded.Position, options.Value));
            }
        } while (page.Count == PageSize);
        return model is not null && views.Count == 0 ? Problem.NotFound("price-unknown", $"No price was set for the model '{model}'.") : TypedResults.Ok(new PriceLists(views));
    }

    private static PriceListView View(PriceSet set, long position, MeteringOptions options) => new(set.Model, set.EffectiveFrom, options.Currency, set.Rates, set.Author, position);
}
