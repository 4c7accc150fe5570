using System.Text.Json.Nodes;

namespace TokenLedger.Engine;

/// <summary>Errors in the shape of the API that was asked.</summary>
internal static class Errors
{
    public static IResult Of(Api api, int status, string message, string? param = null)
    {
        var type = status switch { 404 => "not_found_error", >= 500 => api == Api.Messages ? "api_error" : "server_error", _ => "invalid_request_error" };
        var body = api == Api.Messages
            ? new JsonObject { ["type"] = "error", ["error"] = new JsonObject { ["type"] = type, ["message"] = message } }
            : new JsonObject { ["error"] = new JsonObject { ["message"] = message, ["type"] = type, ["param"] = param, ["code"] = status } };
        return TypedResults.Text(body.ToJsonString(), "application/json", statusCode: status);
    }
}
