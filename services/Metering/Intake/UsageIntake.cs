using System.Diagnostics;
using System.Text.Json;
using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;
using TokenLedger.Hosting.Access;
using TokenLedger.Hosting.Problems;

namespace TokenLedger.Metering.Intake;

/// <summary>Takes usage events of one caller: each is checked, given its pool, recorded, and answered for itself.</summary>
internal sealed class UsageIntake(UsageWriters writers, LedgerDirectory directory, DirectoryFollower follower, TimeProvider clock, MeteringMeters meters)
{
    public async Task<IReadOnlyList<UsageResult>> TakeAsync(IReadOnlyList<JsonElement> events, Caller caller, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var items = events.Select(json => Read(json, now)).ToList();
        var pools = caller is InferenceCaller ? null : await PoolsAsync(items, ct);
        var results = await RecordAsync(items, caller, pools, ct);
        foreach (var status in results.CountBy(result => result.Status)) meters.Count(status.Key, status.Value);
        meters.CountUnadmitted(results.Count(result => result is { Admitted: false, Duplicate: false }));
        return results;
    }

    private sealed record Item(UsageReport? Report, CloudEvent? Event, Fields Fields);

    private static Item Read(JsonElement json, DateTimeOffset now)
    {
        var fields = new Fields();
        var report = UsageReading.Read(json, now, fields, out var cloudEvent);
        return new(report, cloudEvent, fields);
    }

    private async Task<IReadOnlyDictionary<RequestId, PoolId>> PoolsAsync(List<Item> items, CancellationToken ct)
    {
        if (items.Any(item => item.Report?.Pool is { } pool && directory.FindPool(pool) is null)) await follower.RefreshAsync(ct);
        return await writers.FindPoolsAsync([.. items.Where(item => item.Report is { Pool: null }).Select(item => item.Report!.Request)], ct);
    }

    private async Task<UsageResult[]> RecordAsync(List<Item> items, Caller caller, IReadOnlyDictionary<RequestId, PoolId>? pools, CancellationToken ct)
    {
        var results = items.Select(item => Refusal(item, caller)).ToArray();
        var good = items.Index().Where(one => results[one.Index] is null).ToList();
        var answers = await writers.SendAllAsync([.. good.Select(one => Command(one.Item.Report!, caller, pools))], ct);
        foreach (var ((index, item), answer) in good.Zip(answers)) results[index] = Result(item, answer);
        return results!;
    }

    /// <summary>What keeps an event from being recorded, as far as it can be told before; null for nothing.</summary>
    private UsageResult? Refusal(Item item, Caller caller)
    {
        if (item.Report is not { } report)
            return Refuse(item, StatusCodes.Status400BadRequest, "invalid-input", Problem.Describe(item.Fields.Errors));
        if (caller is InferenceCaller inference && report.Pool is { } named && named != inference.Pool)
            return Refuse(item, StatusCodes.Status403Forbidden, "foreign-pool", $"This key belongs to pool '{inference.Pool}'.");
        if (report.Pool is { } wanted && directory.FindPool(wanted) is null)
            return Refuse(item, StatusCodes.Status400BadRequest, "pool-unknown", $"data.pool names '{wanted}', and there is no such pool.");
        return null;
    }

    private static RecordUsage Command(UsageReport report, Caller caller, IReadOnlyDictionary<RequestId, PoolId>? pools) => caller is InferenceCaller owner
        ? new(report, owner.Pool, owner.Entitlement)
        : new(report, report.Pool ?? (pools!.TryGetValue(report.Request, out var pool) ? pool : null), Sender: null);

    private static UsageResult Result(Item item, UsageAnswer answer) => answer switch
    {
        UsageRecorded r => new(item.Report!.Id, item.Report.Source, StatusCodes.Status202Accepted, r.Position, r.Duplicate, r.Admitted, Reason: null, Detail: null),
        UsageConflict => Refuse(item, StatusCodes.Status409Conflict, "event-id-reused", "This source and id were recorded with other data."),
        UsageForeign => Refuse(item, StatusCodes.Status403Forbidden, "foreign-request", "This request was admitted for another entitlement."),
        _ => throw new UnreachableException(),
    };

    private static UsageResult Refuse(Item item, int status, string reason, string detail) =>
        new(item.Event?.Id, item.Event?.Source, status, LedgerPosition: null, Duplicate: null, Admitted: null, reason, detail,
            item.Fields.Errors.Count > 0 ? item.Fields.Errors : null);
}
