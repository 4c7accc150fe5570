using System.Diagnostics;
using System.Text.Json;
using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;
using TokenLedger.Hosting.Access;
using TokenLedger.Hosting.Problems;
using TokenLedger.Ledger;

namespace TokenLedger.Metering.Intake;

/// <summary>Takes corrections of recorded usage: each is checked, recorded beside what it corrects, and answered for itself.</summary>
internal sealed class CorrectionIntake(UsageWriters writers, ILedger ledger)
{
    private const int LongestReason = 1_000;

    public async Task<IReadOnlyList<CorrectionResult>> TakeAsync(IReadOnlyList<JsonElement> corrections, OperatorCaller author, CancellationToken ct)
    {
        var items = corrections.Select(json => Read(json, author)).ToList();
        var usage = (await ledger.FindAsync(items.Select(item => item.Command).OfType<RecordCorrection>().Select(Target).ToHashSet(), ct)).ToDictionary(e => e.Id, e => e.Data);
        return await Task.WhenAll(items.Select(item => RecordAsync(item, usage, ct)));
    }

    private sealed record Item(string? Id, RecordCorrection? Command, Fields Fields);

    private static Guid Target(RecordCorrection command) => EventIds.Usage(command.Source, command.EventId);

    private static Item Read(JsonElement json, OperatorCaller author)
    {
        var fields = new Fields();
        if (UsageReading.Parse(json, HttpJson.Default.PostCorrection, "", fields) is not { } body) return new(null, null, fields);
        var id = fields.Text(body.Id, "id", 256);
        fields.Require(!id.StartsWith(EventIds.OwnPrefix, StringComparison.Ordinal), "id", $"must not begin with {EventIds.OwnPrefix}");
        fields.Require(body.Corrects is not null, "corrects", "is required");
        var (source, eventId) = body.Corrects is { } usage ? (fields.Text(usage.Source, "corrects.source", 512), fields.Text(usage.Id, "corrects.id", 256)) : ("", "");
        fields.Require(body.Deltas is not null, "deltas", "is required");
        var deltas = body.Deltas is not { } d ? default : new TokenCounts(
            Delta(d.InputTokens, "deltas.inputTokens", fields), Delta(d.CachedInputTokens, "deltas.cachedInputTokens", fields),
            Delta(d.OutputTokens, "deltas.outputTokens", fields), Delta(d.ReasoningTokens, "deltas.reasoningTokens", fields));
        fields.Require(deltas != default, "deltas", "must change something");
        var reason = fields.Text(body.Reason, "reason", LongestReason);
        var command = new RecordCorrection(id, source, eventId, deltas, reason, $"{author.Key} ({author.Name})", Pool: null, author.Tenant);
        return new(body.Id, fields.Problem is null ? command : null, fields);
    }

    private static long Delta(long? delta, string field, Fields fields) => delta is null ? 0 : fields.Range(delta, field, -UsageReading.MostTokens, UsageReading.MostTokens);

    private async Task<CorrectionResult> RecordAsync(Item item, Dictionary<Guid, ILedgerEvent> usage, CancellationToken ct)
    {
        if (item.Command is not { } command)
            return Refuse(item, StatusCodes.Status400BadRequest, "invalid-input", Problem.Describe(item.Fields.Errors));
        UsageAnswer answer = usage.GetValueOrDefault(Target(command)) is TokensConsumed corrected ? await writers.SendAsync(command with { Pool = corrected.Pool }, ct) : new UsageNothing();
        return answer switch
        {
            UsageRecorded r => new(item.Id, StatusCodes.Status202Accepted, r.Position, r.Duplicate, Reason: null, Detail: null),
            UsageNothing => Refuse(item, StatusCodes.Status404NotFound, "usage-unknown", "No usage was recorded under corrects.source and corrects.id."),
            UsageForeign => Refuse(item, StatusCodes.Status403Forbidden, "foreign-tenant", "This key is bound to one tenant and corrects only its usage."),
            UsageConflict => Refuse(item, StatusCodes.Status409Conflict, "correction-id-reused", "This id was recorded with another correction."),
            CorrectionImpossible c => Refuse(item, StatusCodes.Status422UnprocessableEntity, "correction-impossible", $"Of {c.Present} it would leave what no request can have used."),
            _ => throw new UnreachableException(),
        };
    }

    private static CorrectionResult Refuse(Item item, int status, string reason, string detail) =>
        new(item.Id, status, LedgerPosition: null, Duplicate: null, reason, detail, item.Fields.Errors.Count > 0 ? item.Fields.Errors : null);
}
