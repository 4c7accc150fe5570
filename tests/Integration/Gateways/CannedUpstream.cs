using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace TokenLedger.Tests.Integration.Gateways;

/// <summary>A server that answers every request with the same bytes, or in parts as it is told, and keeps the headers and the address of the last.</summary>
internal sealed class CannedUpstream : IAsyncDisposable
{
    private readonly WebApplication _app;

    private CannedUpstream(WebApplication app) => _app = app;

    public Uri Address => new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());

    public byte[] Answer { get; set; } = [];
    /// <summary>Sends the answer instead, when it is to come in parts.</summary>
    public Func<Stream, CancellationToken, Task>? Sends { get; set; }

    public string ContentType { get; set; } = "text/event-stream";

    /// <summary>What it says of its health.</summary>
    public int HealthStatus { get; set; } = 200;
    public int Posts { get; private set; }
    public IReadOnlyDictionary<string, string> Headers { get; private set; } = new Dictionary<string, string>();
    public string Target { get; private set; } = "";

    public static async Task<CannedUpstream> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var canned = new CannedUpstream(builder.Build());
        canned._app.MapFallback(canned.AnswerAsync);
        await canned._app.StartAsync();
        return canned;
    }

    private async Task AnswerAsync(HttpContext http)
    {
        if (http.Request.Path == "/health") http.Response.StatusCode = HealthStatus;
        // Health and metrics are asked for, too.
        var isPost = http.Request.Method == "POST";
        if (isPost)
            (Posts, Headers, Target) = (Posts + 1, http.Request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase), http.Request.Path + http.Request.QueryString);
        http.Response.ContentType = ContentType;
        await (isPost && Sends is { } sends ? sends(http.Response.Body, http.RequestAborted) : http.Response.Body.WriteAsync(Answer).AsTask());
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
