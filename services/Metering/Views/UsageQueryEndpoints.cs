using Microsoft.Extensions.Options;
using TokenLedger.Contracts.Http;
using TokenLedger.Hosting;
using TokenLedger.Hosting.Access;
using TokenLedger.Hosting.Problems;

namespace TokenLedger.Metering.Views;

/// <summary>What finance asks: totals and the consumption history.</summary>
internal static class UsageQueryEndpoints
{
    private const int MostEntries = 10_000;
    private static readonly string[] s_windows = ["none", "hour", "day", "month"];
    private static readonly string[] s_groups = ["tenant", "pool", "entitlement", "model"];

    public static void MapUsageQueries(this IEndpointRouteBuilder routes)
    {
        var usage = routes.MapGroup("/v1/usage").WithTags("Usage").RequireAuthorization(Policies.Finance);
        usage.MapGet("/", TotalsAsync).Produces<UsageReport>();
        usage.MapGet("/events", HistoryAsync).Produces<UsageHistory>();
    }

    private static async Task<IResult> TotalsAsync(
        [AsParameters] UsageFilter filter, string? window, string? groupBy, HttpContext http, UsageQueries queries, UsageFreshness freshness, CancellationToken ct)
    {
        var fields = new Fields();
        filter.Check(fields);
        var groups = groupBy?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];
        fields.Require(s_windows.Contains(window ?? "none"), "window", "must be hour, day, month or none");
        fields.Require(groups.All(s_groups.Contains), "groupBy", "is a list of tenant, pool, entitlement and model");
        if (fields.Problem is { } invalid) return invalid;
        if (filter.For(http.GetCaller()) is not { } allowed) return Foreign();
        if (!await freshness.WaitAsync(filter.AtLeast, ct)) return freshness.Stale(http, filter.AtLeast!.Value);

        var by = new Grouping(window ?? "none", groups.Contains("tenant"), groups.Contains("pool"), groups.Contains("entitlement"), groups.Contains("model"));
        var (position, rows) = await queries.TotalsAsync(allowed, by, ct);
        if (rows.Count > UsageQueries.MostRows) return Problem.Invalid("groupBy", $"gives more than {UsageQueries.MostRows} rows: narrow the time or the filters");
        return filter.WantsCsv ? UsageCsv.Write(http, position, rows) : TypedResults.Ok(new UsageReport(position, rows));
    }

    private static async Task<IResult> HistoryAsync(
        [AsParameters] UsageFilter filter, bool? admitted, long? after, int? limit, HttpContext http, UsageQueries queries, UsageFreshness freshness, CancellationToken ct)
    {
        var fields = new Fields();
        filter.Check(fields);
        fields.Require(after is null or >= 0, "after", "must not be negative");
        fields.Require(limit is null or > 0 and <= MostEntries, "limit", $"must be 1 to {MostEntries}");
        if (fields.Problem is { } invalid) return invalid;
        if (filter.For(http.GetCaller()) is not { } allowed) return Foreign();
        if (!await freshness.WaitAsync(filter.AtLeast, ct)) return freshness.Stale(http, filter.AtLeast!.Value);

        var size = limit ?? 100;
        var (position, entries) = await queries.HistoryAsync(allowed, admitted, after ?? 0, size, ct);
        var next = entries.Count == size ? entries[^1].Position : (long?)null;
        return filter.WantsCsv ? UsageCsv.Write(http, position, entries, next) : TypedResults.Ok(new UsageHistory(position, entries, next));
    }

    private static IResult Foreign() =>
        Problem.Of(StatusCodes.Status403Forbidden, "foreign-tenant", "Another tenant", "This key is bound to one tenant and sees only that.");
}

/// <summary>Lets a query wait, within bounds, until the view has reached a position: who has just been told a position can ask for at least that.</summary>
internal sealed class UsageFreshness(
    [FromKeyedServices(UsageProjection.FollowerName)] LedgerFollower follower, IOptions<MeteringOptions> options, TimeProvider clock)
{
    /// <returns>False when the view is not there in time.</returns>
    public async Task<bool> WaitAsync(long? atLeast, CancellationToken ct)
    {
        if (atLeast is not { } position || follower.Position >= position) return true;
        using var late = new CancellationTokenSource(TimeSpan.FromMilliseconds(options.Value.FreshnessWaitMs), clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, late.Token);
        try
        {
            await follower.WaitForAsync(position, either.Token);
            return true;
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return false;
        }
    }

    public IResult Stale(HttpContext http, long position)
    {
        http.Response.Headers.RetryAfter = "1";
        return Problem.Of(StatusCodes.Status503ServiceUnavailable, "view-behind", "The view is behind", $"It stands at position {follower.Position}, before {position}.", ("retryAfterMs", 1000));
    }
}
