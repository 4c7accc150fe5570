using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace TokenLedger.Console;

/// <summary>Where the page finds the pools when it runs as a process of its own.</summary>
public sealed class ConsoleOptions
{
    public const string Section = "TokenLedger:Console";

    /// <summary>Address of the admission service.</summary>
    [Url] public string AdmissionUrl { get; set; } = "http://127.0.0.1:8081";
}

/// <summary>A browser asks only where its page came from, so the console passes the page's one question on, with the key of whoever asks.</summary>
internal static class PoolsForwarding
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    public static void AddPoolsForwarding(this IServiceCollection services) => services.AddHttpClient(nameof(PoolsForwarding), (provider, http) =>
    {
        http.BaseAddress = new Uri(provider.GetRequiredService<IOptions<ConsoleOptions>>().Value.AdmissionUrl);
        http.Timeout = s_patience;
    });

    public static void MapPoolsForwarding(this IEndpointRouteBuilder routes) => routes.MapGet("/v1/pools", async (HttpContext context, IHttpClientFactory clients, CancellationToken ct) =>
    {
        using var ask = new HttpRequestMessage(HttpMethod.Get, "/v1/pools");
        ask.Headers.TryAddWithoutValidation("Authorization", context.Request.Headers.Authorization.ToString());
        using var answer = await clients.CreateClient(nameof(PoolsForwarding)).SendAsync(ask, ct);
        context.Response.StatusCode = (int)answer.StatusCode;
        context.Response.ContentType = answer.Content.Headers.ContentType?.ToString();
        await answer.Content.CopyToAsync(context.Response.Body, ct);
    }).ExcludeFromDescription();
}
