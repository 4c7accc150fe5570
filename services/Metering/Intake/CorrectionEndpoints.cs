using System.Text.Json;
using Microsoft.Extensions.Options;
using TokenLedger.Contracts.Http;
using TokenLedger.Hosting.Access;
using TokenLedger.Hosting.Problems;

namespace TokenLedger.Metering.Intake;

/// <summary><c>POST /v1/usage/corrections</c>: one correction or a list of them.</summary>
internal static class CorrectionEndpoints
{
    private static readonly JsonDocumentOptions s_unambiguous = new() { AllowDuplicateProperties = false };

    public static void MapUsageCorrections(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/v1/usage/corrections", PostAsync).WithTags("Usage").RequireAuthorization(Policies.Finance)
            .Accepts<PostCorrection>("application/json").Produces<CorrectionResult>(StatusCodes.Status202Accepted);

    private static async Task<IResult> PostAsync(HttpContext http, CorrectionIntake intake, IOptions<MeteringOptions> options, CancellationToken ct)
    {
        if (!http.Request.HasJsonContentType())
            return Problem.Of(StatusCodes.Status415UnsupportedMediaType, "content-type", "This content type is not understood", "Send application/json.");
        using var body = await JsonDocument.ParseAsync(http.Request.Body, s_unambiguous, ct);
        var author = (OperatorCaller)http.GetCaller();
        if (body.RootElement.ValueKind != JsonValueKind.Array) return Single((await intake.TakeAsync([body.RootElement], author, ct))[0]);
        if (body.RootElement.GetArrayLength() > options.Value.MaxBatchEvents) return Problem.Invalid("body", $"must hold at most {options.Value.MaxBatchEvents} corrections");
        var results = await intake.TakeAsync([.. body.RootElement.EnumerateArray()], author, ct);
        var accepted = results.Count(r => r.Status == StatusCodes.Status202Accepted);
        return TypedResults.Json(new CorrectionBatchResult(accepted, results.Count - accepted, results), HttpJson.Default.CorrectionBatchResult, statusCode: StatusCodes.Status202Accepted);
    }

    private static IResult Single(CorrectionResult result) => result.Status == StatusCodes.Status202Accepted
        ? TypedResults.Json(result, HttpJson.Default.CorrectionResult, statusCode: result.Status)
        : result.Errors is { } errors ? Problem.Invalid(errors)
        : Problem.Of(result.Status, result.Reason!, "The correction was not recorded", result.Detail!);
}
