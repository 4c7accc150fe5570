using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;
using TokenLedger.Ledger;

namespace TokenLedger.Hosting.Problems;

/// <summary>Turns what goes wrong outside an endpoint's own answers into problems: unreadable bodies, unknown addresses, an unavailable ledger, bugs.</summary>
public static partial class ProblemHandling
{
    public static IServiceCollection AddTokenLedgerProblems(this IServiceCollection services)
    {
        // Gateways that ask before they pass a request on see headers, and no body.
        services.AddProblemDetails(options => options.CustomizeProblemDetails = context =>
        {
            if (context.ProblemDetails.Extensions.TryGetValue("reason", out var reason)) context.HttpContext.Response.Headers[Problem.ReasonHeader] = (string?)reason;
        });
        services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);
        return services;
    }

    public static IApplicationBuilder UseTokenLedgerProblems(this IApplicationBuilder app)
    {
        app.UseExceptionHandler(new ExceptionHandlerOptions
        {
            ExceptionHandler = context =>
            {
                var problem = Describe(context.Features.Get<IExceptionHandlerFeature>()!.Error);
                if (problem.StatusCode == StatusCodes.Status503ServiceUnavailable) context.Response.Headers.RetryAfter = "1";
                return problem.ExecuteAsync(context);
            },
            SuppressDiagnosticsCallback = context => context.Exception is BadHttpRequestException or ArchivedEventsException or LedgerUnavailableException or NpgsqlException or QueueFullException or OperationCanceledException,
        });
        app.UseStatusCodePages(context => OfStatus(context.HttpContext).ExecuteAsync(context.HttpContext));
        return app;
    }

    private static ProblemHttpResult Describe(Exception error) => error switch
    {
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => TooLarge(),
        BadHttpRequestException { StatusCode: StatusCodes.Status415UnsupportedMediaType } => NotUnderstood(),
        BadHttpRequestException { InnerException: JsonException json } => Unreadable(json),
        BadHttpRequestException bad => Unbound(bad),
        JsonException json => Unreadable(json),
        LedgerUnavailableException or VersionConflictException or NpgsqlException => Problem.Of(StatusCodes.Status503ServiceUnavailable, "ledger-unavailable", "The ledger does not answer",
            "Nothing was confirmed. Try again with the same id: what was recorded will not be recorded twice.", ("retryAfterMs", 1000)),
        ArchivedEventsException archived => Problem.Of(StatusCodes.Status410Gone, "events-archived", "These events were archived", archived.Message, ("archivedThrough", archived.Through)),
        QueueFullException => Problem.Of(StatusCodes.Status503ServiceUnavailable, "overloaded", "Too many requests wait", "Try again shortly.", ("retryAfterMs", 1000)),
        _ => Problem.Of(StatusCodes.Status500InternalServerError, "internal-error", "Something went wrong here", "The error is in the log of the service."),
    };

    /// <summary>The field that could not be read, by its path without the leading "$.", and why.</summary>
    public static (string Field, string What) Explain(JsonException error)
    {
        ArgumentNullException.ThrowIfNull(error);
        var what = error.Message.Split(" Path: ")[0].TrimEnd('.');
        return (error.Path is { Length: > 2 } path ? path[2..] : "body", what switch
        {
            _ when what.StartsWith("must ", StringComparison.Ordinal) => what,
            _ when what.Contains("could not be mapped", StringComparison.Ordinal) => "is not a known field",
            _ when what.Contains("could not be converted", StringComparison.Ordinal) => "is of the wrong type, not a known word or out of range",
            _ => $"cannot be read: {what}",
        });
    }

    /// <summary>Names the part of the address that could not be understood.</summary>
    private static ProblemHttpResult Unbound(BadHttpRequestException error) => BoundParameter().Match(error.Message) is { Success: true } match
        ? Problem.Invalid(JsonNamingPolicy.CamelCase.ConvertName(match.Groups["name"].Value), $"cannot be '{match.Groups["text"].Value}'{Rule(match.Groups["type"].Value)}")
        : error.Message.Contains("no body was provided", StringComparison.Ordinal) || error.Message.Contains("not provided from body", StringComparison.Ordinal)
            ? Problem.Invalid("body", "is required")
            : Problem.Of(error.StatusCode, "invalid-input", "The request is not valid", error.Message);

    [GeneratedRegex("parameter \"(?<type>[^ ]+?)[?]? (?<name>[^\"]+)\" from \"(?<text>.*)\"", RegexOptions.Singleline)]
    private static partial Regex BoundParameter();

    private static string Rule(string type) => type switch
    {
        nameof(RequestId) => ": it " + RequestId.Rule,
        _ when type.EndsWith("Id", StringComparison.Ordinal) => ": it " + Names.Rule,
        _ => "",
    };

    private static ProblemHttpResult Unreadable(JsonException error)
    {
        var (field, what) = Explain(error);
        return Problem.Invalid(field, what);
    }

    private static ProblemHttpResult TooLarge() =>
        Problem.Of(StatusCodes.Status413PayloadTooLarge, "body-too-large", "The body is too large", "Send less in one request.");

    private static ProblemHttpResult NotUnderstood() =>
        Problem.Of(StatusCodes.Status415UnsupportedMediaType, "content-type", "This content type is not understood",
            $"Send application/json, or where usage is reported {CloudEvent.ContentType} or {CloudEvent.BatchContentType}.");

    private static ProblemHttpResult OfStatus(HttpContext context) => context.Response.StatusCode switch
    {
        StatusCodes.Status404NotFound => Problem.NotFound("no-such-address", $"There is nothing at {context.Request.Path}."),
        StatusCodes.Status405MethodNotAllowed => Problem.Of(StatusCodes.Status405MethodNotAllowed, "method-not-allowed", "This address does not take that method", $"{context.Request.Method} {context.Request.Path}"),
        StatusCodes.Status415UnsupportedMediaType => NotUnderstood(),
        StatusCodes.Status413PayloadTooLarge => TooLarge(),
        var status => Problem.Of(status, "http-" + status, "The request was not answered", $"{context.Request.Method} {context.Request.Path}"),
    };
}
