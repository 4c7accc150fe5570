using Microsoft.AspNetCore.Diagnostics;
using Microsoft.Extensions.Options;
using TokenLedger.Client;
using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;
using TokenLedger.Gateway.Answers;
using TokenLedger.Gateway.Ledger;
using TokenLedger.Gateway.Requests;
using TokenLedger.Gateway.Upstreams;
using TokenLedger.Hosting.Access;

namespace TokenLedger.Gateway;

/// <summary>What all exchanges share.</summary>
internal sealed record ProxyParts(
    ILedgerPort Ledger, UsageReporter Reporter, FirstTokens FirstTokens, IUpstreams Upstreams, ReplicaChooser Chooser, UpstreamClient Client, UsageInquiry Inquiry, InputEstimates Estimates, GatewayMeters Meters,
    IOptions<GatewayOptions> Settings, TimeProvider Clock, ILogger<ProxyParts> Log)
{
    public GatewayOptions Options => Settings.Value;
}

/// <summary>Takes a request from its client: key, body, admission; then lets an <see cref="Exchange"/> carry it out.</summary>
internal sealed class Proxy(ProxyParts parts, Keys keys, LedgerDirectory directory)
{
    public async Task ServeAsync(HttpContext http, Api api)
    {
        var id = NewId(http, parts.Clock);
        Refusal? refusal;
        try
        {
            refusal = await TryServeAsync(http, api, id);
        }
        catch (BadHttpRequestException bad)
        {
            refusal = bad.StatusCode switch
            {
                StatusCodes.Status413PayloadTooLarge => new(StatusCodes.Status413PayloadTooLarge, "body-too-large", $"A request has at most {parts.Options.MaxBodyBytes} bytes."),
                StatusCodes.Status408RequestTimeout => new(StatusCodes.Status408RequestTimeout, "body-too-slow", "The body came too slowly."),
                _ => new(StatusCodes.Status400BadRequest, "invalid-input", bad.Message),
            };
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            return;
        }
        if (refusal is not null && !http.Response.HasStarted) await Errors.WriteAsync(http.Response, api, refusal, id.ToString());
    }

    /// <summary>Every answer tells the id of its request.</summary>
    public static RequestId NewId(HttpContext http, TimeProvider clock)
    {
        var id = new RequestId(Guid.CreateVersion7(clock.GetUtcNow()));
        http.Response.Headers["x-request-id"] = id.ToString();
        // An answer without a body is the server's own and stays so.
        if (http.Features.Get<IStatusCodePagesFeature>() is { } pages) pages.Enabled = false;
        return id;
    }

    private async Task<Refusal?> TryServeAsync(HttpContext http, Api api, RequestId id)
    {
        var (found, unknown) = await keys.FindInferenceAsync(http.Request, api, http.RequestAborted);
        if (found is not { } key) return unknown;
        if (ProxiedRequest.Read(api, await BodyAsync(http), out var request) is { } unreadable) return unreadable;
        var pool = directory.FindPool(key.Caller.Pool)!;
        if (request.Model is { } model && model != pool.Model)
            return new(StatusCodes.Status404NotFound, "model-unknown", $"This key is for the model '{pool.Model}'; there is no '{model}' here.", Param: "model");
        if (parts.Upstreams.Of(key.Caller.Pool).Count == 0)
            return new(StatusCodes.Status503ServiceUnavailable, "no-upstream", $"The gateway knows no inference server of pool '{key.Caller.Pool}'.");

        var estimate = parts.Estimates.Estimate(pool.Model, request.PromptBytes, request.PromptTokens);
        // A client that goes while it waits gives its place up; without a wait the answer is there at once, and is released when nobody is left to use it.
        var answer = parts.Options.WaitMs > 0
            ? await parts.Ledger.AdmitAsync(key, new(id, estimate, request.MaxOutputTokens, WaitMs: parts.Options.WaitMs), http.RequestAborted)
            : await parts.Ledger.AdmitAsync(key, new(id, estimate, request.MaxOutputTokens), CancellationToken.None);
        foreach (var (name, value) in answer.Headers) http.Response.Headers[name] = value;
        if (answer is not Granted<AdmissionView> { Value: var admission })
        {
            var refused = (Refused<AdmissionView>)answer;
            parts.Meters.Request(key.Caller.Pool, "refused");
            return new(refused.Status, refused.Reason, refused.Detail, refused.RetryAfter);
        }
        http.Response.Headers["x-tokenledger-position"] = admission.LedgerPosition.ToString(System.Globalization.CultureInfo.InvariantCulture);
        return await new Exchange(parts, http, request, key, pool, admission, estimate).RunAsync();
    }

    private static async Task<ReadOnlyMemory<byte>> BodyAsync(HttpContext http)
    {
        using var body = new MemoryStream((int)Math.Min(http.Request.ContentLength ?? 0, Array.MaxLength));
        await http.Request.Body.CopyToAsync(body, http.RequestAborted);
        return body.GetBuffer().AsMemory(0, (int)body.Length);
    }
}
