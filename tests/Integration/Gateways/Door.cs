using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace TokenLedger.Tests.Integration.Gateways;

/// <summary>Passes posts on to a service, or answers as if it were away.</summary>
internal sealed class Door : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly HttpClient _http;
    private volatile bool _isAway;

    private Door(WebApplication app, Uri service) => (_app, _http) = (app, new() { BaseAddress = service });

    public Uri Address => new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());

    public bool IsAway
    {
        get => _isAway;
        set => _isAway = value;
    }

    public static async Task<Door> StartAsync(Uri service)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var door = new Door(builder.Build(), service);
        door._app.MapFallback(door.PassAsync);
        await door._app.StartAsync();
        return door;
    }

    private async Task PassAsync(HttpContext http)
    {
        if (IsAway)
        {
            http.Response.StatusCode = 503;
            return;
        }
        using var content = new StreamContent(http.Request.Body);
        content.Headers.TryAddWithoutValidation("Content-Type", http.Request.ContentType);
        using var request = new HttpRequestMessage(HttpMethod.Post, http.Request.Path) { Content = content };
        foreach (var name in (string[])["Authorization", "x-api-key"])
            if (http.Request.Headers[name].ToString() is { Length: > 0 } key) request.Headers.TryAddWithoutValidation(name, key);
        using var answer = await _http.SendAsync(request, http.RequestAborted);
        http.Response.StatusCode = (int)answer.StatusCode;
        await answer.Content.CopyToAsync(http.Response.Body, http.RequestAborted);
    }

    public ValueTask DisposeAsync()
    {
        _http.Dispose();
        return _app.DisposeAsync();
    }
}
