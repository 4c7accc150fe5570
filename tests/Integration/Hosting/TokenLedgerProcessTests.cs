using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using TokenLedger.Contracts;
using TokenLedger.Hosting;
using TokenLedger.Ledger;

namespace TokenLedger.Tests.Integration.Hosting;

/// <summary>A process as a service starts it, with everything real.</summary>
public sealed class TokenLedgerProcessTests(PostgresServer postgres)
{
    private const string Key = "a-key-for-this-test-only";

    [Fact]
    public async Task Installs_the_schema_serves_follows_publishes_and_stops_cleanly()
    {
        var connection = await postgres.CreateConnectionStringAsync("process");
        var seen = new SeenEvents(FollowerCheckpoint.InLedger);
        var errors = new StringWriter(CultureInfo.InvariantCulture);
        var exitCode = await RunAsync(connection, errors, "http://127.0.0.1:0", seen, async (app, http) =>
        {
            var ledger = app.Services.GetRequiredService<ILedger>();
            await ledger.AppendAsync("fleet-a", 0, Facts.Capacities(3), Within.Patience());
            await app.Services.GetRequiredKeyedService<LedgerFollower>("a-view").WaitForAsync(3, Within.Patience());
            Assert.Equal(HttpStatusCode.Unauthorized, (await http.GetAsync(new Uri("/v1/ledger/head", UriKind.Relative), Within.Patience())).StatusCode);
            http.DefaultRequestHeaders.Authorization = new("Bearer", Key);
            Assert.Equal("""{"position":3}""", await http.GetStringAsync(new Uri("/v1/ledger/head", UriKind.Relative), Within.Patience()));
            var api = JsonNode.Parse(await http.GetStringAsync(new Uri("/openapi/v1.json", UriKind.Relative), Within.Patience()))!;
            Assert.NotNull(api["paths"]!["/v1/ledger/events"]);
            foreach (var open in (string[])["/livez", "/readyz", "/metrics"])
                Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(new Uri(open, UriKind.Relative), Within.Patience())).StatusCode);
        });
        Assert.Equal((0, ""), (exitCode, errors.ToString()));
        Assert.Equal([1, 2, 3], seen.Positions);
    }

    [Fact]
    public async Task Says_which_address_is_taken()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var errors = new StringWriter(CultureInfo.InvariantCulture);
        var address = $"http://127.0.0.1:{((IPEndPoint)other.LocalEndpoint).Port}";
        var exitCode = await RunAsync(await postgres.CreateConnectionStringAsync("taken"), errors, address, new SeenEvents(), (_, _) => Task.CompletedTask);
        Assert.Equal((1, $"Failed to bind to address {address}: address already in use."), (exitCode, errors.ToString().TrimEnd()));
    }

    /// <summary>Runs a process, uses it once it serves, and stops it.</summary>
    private static async Task<int> RunAsync(string connection, StringWriter errors, string urls, SeenEvents seen, Func<WebApplication, HttpClient, Task> use)
    {
        var used = Task.CompletedTask;
        var exitCode = await TokenLedgerProcess.RunAsync(
            [$"--TOKENLEDGER_POSTGRES={connection}", $"--TOKENLEDGER_OPERATOR_KEY={Key}", $"--TOKENLEDGER_URLS={urls}"], "test", "http://127.0.0.1:1",
            builder =>
            {
                builder.Logging.ClearProviders();
                builder.Services.AddLedgerFollower("a-view", [typeof(CapacityChanged)], _ => seen).AddLedgerPublisher("test", [typeof(CapacityChanged)]);
            },
            app => app.Lifetime.ApplicationStarted.Register(() => used = UseAsync(app, use)), errors);
        await used;
        return exitCode;
    }

    private static async Task UseAsync(WebApplication app, Func<WebApplication, HttpClient, Task> use)
    {
        using var http = new HttpClient { BaseAddress = new(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()) };
        try
        {
            await use(app, http);
        }
        finally
        {
            app.Lifetime.StopApplication();
        }
    }
}
