using System.Text.Json;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.Options;
using TokenLedger.Contracts.Http;
using TokenLedger.Hosting.Access;
using TokenLedger.Hosting.Problems;

namespace TokenLedger.Metering.Intake;

/// <summary><c>POST /v1/usage</c>: one CloudEvent or a batch of them.</summary>
internal static class UsageEndpoints
{
    private static readonly JsonDocumentOptions s_unambiguous = new() { AllowDuplicateProperties = false };

    public static void MapUsageIntake(this IEndpointRouteBuilder routes)
    {
        var limit = routes.ServiceProvider.GetRequiredService<IOptions<MeteringOptions>>().Value.MaxBatchBytes;
        routes.MapPost("/v1/usage", PostAsync).WithTags("Usage").RequireAuthorization(Policies.Gateway)
            .Accepts<CloudEvent>(CloudEvent.ContentType, CloudEvent.BatchContentType)
            .Produces<UsageResult>(StatusCodes.Status202Accepted)
            .WithMetadata(new BodyLimit(limit));
    }

    private static async Task<IResult> PostAsync(HttpContext http, UsageIntake intake, IOptions<MeteringOptions> options, CancellationToken ct)
    {
        var type = http.Request.ContentType?.Split(';')[0].Trim().ToLowerInvariant();
        if (type is not (CloudEvent.ContentType or CloudEvent.BatchContentType))
            return Problem.Of(StatusCodes.Status415UnsupportedMediaType, "content-type", "This content type is not understood", $"Send {CloudEvent.ContentType} or {CloudEvent.BatchContentType}.");
        using var body = await JsonDocument.ParseAsync(http.Request.Body, s_unambiguous, ct);
        if (type == CloudEvent.ContentType) return Single((await intake.TakeAsync([body.RootElement], http.GetCaller(), ct))[0]);
        if (body.RootElement.ValueKind != JsonValueKind.Array) return Problem.Invalid("body", "must be an array of CloudEvents");
        if (body.RootElement.GetArrayLength() > options.Value.MaxBatchEvents) return Problem.Invalid("body", $"must hold at most {options.Value.MaxBatchEvents} events");
        var results = await intake.TakeAsync([.. body.RootElement.EnumerateArray()], http.GetCaller(), ct);
        var accepted = results.Count(r => r.Status == StatusCodes.Status202Accepted);
        return TypedResults.Json(new UsageBatchResult(accepted, results.Count - accepted, results), HttpJson.Default.UsageBatchResult, statusCode: StatusCodes.Status202Accepted);
    }

    private static IResult Single(UsageResult result) => result.Status == StatusCodes.Status202Accepted
        ? TypedResults.Json(result, HttpJson.Default.UsageResult, statusCode: result.Status)
        : result.Errors is { } errors ? Problem.Invalid(errors)
        : Problem.Of(result.Status, result.Reason!, "The event was not recorded", result.Detail!);

    private sealed record BodyLimit(long? MaxRequestBodySize) : IRequestSizeLimitMetadata;
}
