using System.Globalization;
using Microsoft.AspNetCore.Mvc;
using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;
using TokenLedger.Hosting.Problems;

namespace TokenLedger.Admission.Endpoints;

/// <summary>What a gateway tells in headers about a request that it asks for, beside the key. Each is optional but for one of the first two.</summary>
/// <param name="InputTokens">Input tokens, counted or estimated.</param>
/// <param name="BodyBytes">Length of the request's body in bytes; where no input tokens are told, four bytes are taken for one.</param>
/// <param name="MaxOutputTokens">The largest output asked for; the pool's default where it is not told.</param>
/// <param name="Workload">What kind of work it is.</param>
/// <param name="WaitMs">How long it may wait for room, in ms.</param>
/// <param name="RequestId">The request's id: a UUID with or without hyphens. Whatever else it is, another one is made.</param>
/// <param name="RefusalStatus"><c>403</c> asks for refusals that all have this status, and their own in <c>x-tokenledger-status</c>.</param>
internal sealed record AuthorizeRequest(
    [FromHeader(Name = AuthorizeRequest.InputTokensHeader)] string? InputTokens,
    [FromHeader(Name = AuthorizeRequest.BodyBytesHeader)] string? BodyBytes,
    [FromHeader(Name = "x-tokenledger-max-output-tokens")] string? MaxOutputTokens,
    [FromHeader(Name = "x-tokenledger-workload")] string? Workload,
    [FromHeader(Name = "x-tokenledger-wait-ms")] string? WaitMs,
    [FromHeader(Name = "x-request-id")] string? RequestId,
    [FromHeader(Name = AuthorizeRequest.RefusalStatusHeader)] string? RefusalStatus)
{
    private const string InputTokensHeader = "x-tokenledger-input-tokens";
    private const string BodyBytesHeader = "x-tokenledger-body-bytes";
    private const string RefusalStatusHeader = "x-tokenledger-refusal-status";
    private const int BytesPerToken = 4;

    public bool RefusesWith403 => RefusalStatus == "403";

    /// <summary>The same admission as a body would ask for. The names of the fields are those of the headers.</summary>
    public PostAdmission Read(RequestId id, long? bodyLength, Fields fields)
    {
        fields.Require(RefusalStatus is null or "403", RefusalStatusHeader, "must be 403, or left out");
        fields.Require(Workload is null || Workload.Length <= 64 && !Workload.Any(char.IsControl), "x-tokenledger-workload", "must have at most 64 characters and no control characters");
        return new(
            id, Input(bodyLength, fields), Number(MaxOutputTokens, "x-tokenledger-max-output-tokens", PoolValidation.MostTokens, fields), Workload,
            Number(WaitMs, "x-tokenledger-wait-ms", PoolValidation.LongestWaitMs, fields));
    }

    /// <summary>A UUID, as most gateways write it, or without its hyphens, as nginx does; a new one where there is none.</summary>
    public RequestId Id(TimeProvider clock) =>
        (Guid.TryParseExact(RequestId, "D", out var id) || Guid.TryParseExact(RequestId, "N", out id)) && id != Guid.Empty ? new(id) : new(Guid.CreateVersion7(clock.GetUtcNow()));

    private long? Input(long? bodyLength, Fields fields)
    {
        var tokens = Number(InputTokens, InputTokensHeader, PoolValidation.MostTokens, fields);
        var bytes = Number(BodyBytes, BodyBytesHeader, BytesPerToken * PoolValidation.MostTokens, fields) ?? (bodyLength > 0 ? Math.Min(bodyLength.Value, BytesPerToken * PoolValidation.MostTokens) : null);
        fields.Require(InputTokens is not null || bytes is not null || BodyBytes is not null, InputTokensHeader, $"is required where neither {BodyBytesHeader} nor a body is sent");
        return tokens ?? (bytes + BytesPerToken - 1) / BytesPerToken;
    }

    private static long? Number(string? text, string header, long most, Fields fields)
    {
        if (text is null) return null;
        var ok = long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= most;
        fields.Require(ok, header, $"must be a whole number from 0 to {most}");
        return ok ? number : null;
    }
}
