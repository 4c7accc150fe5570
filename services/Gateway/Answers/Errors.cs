using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using TokenLedger.Gateway.Requests;

namespace TokenLedger.Gateway.Answers;

/// <summary>Refusals in the shape that the clients of an API expect: OpenAI's, with the reason as its code, or Anthropic's.</summary>
internal static class Errors
{
    private static readonly JsonWriterOptions s_readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static async Task WriteAsync(HttpResponse response, Api api, Refusal refusal, string request)
    {
        response.StatusCode = refusal.Status;
        response.ContentType = "application/json";
        if (refusal.RetryAfter is { } wait) response.Headers.RetryAfter = Math.Max(1, (long)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        if (refusal.Status == StatusCodes.Status401Unauthorized) response.Headers.WWWAuthenticate = "Bearer";
        await using var json = new Utf8JsonWriter(response.BodyWriter, s_readable);
        json.WriteStartObject();
        if (api == Api.Messages) json.WriteString("type", "error");
        json.WriteStartObject("error");
        json.WriteString("message", refusal.Detail);
        json.WriteString("type", api == Api.Messages ? AnthropicType(refusal.Status) : OpenAiType(refusal.Status));
        json.WriteString("param", refusal.Param);
        json.WriteString("code", refusal.Reason);
        if (refusal.RetryAfter is { } told) json.WriteNumber("retry_after_ms", (long)told.TotalMilliseconds);
        json.WriteEndObject();
        if (api == Api.Messages) json.WriteString("request_id", request);
        json.WriteEndObject();
    }

    private static string OpenAiType(int status) => status switch
    {
        401 => "authentication_error",
        403 => "permission_error",
        429 => "rate_limit_error",
        >= 500 => "server_error",
        _ => "invalid_request_error",
    };

    private static string AnthropicType(int status) => status switch
    {
        401 => "authentication_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        503 => "overloaded_error",
        >= 500 => "api_error",
        _ => "invalid_request_error",
    };
}
