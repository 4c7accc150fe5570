using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace TokenLedger.AllInOne;

/// <summary>What the one who started the instance is told, and whether a demo pool is wanted.</summary>
/// <param name="OwnKey">The operator key is the home's, in its file.</param>
internal sealed record Welcome(LocalHome Home, bool Demo, string OperatorKey, bool OwnKey);

/// <summary>Once the instance listens: sets the demo up, then says where it is and what to try.</summary>
internal sealed class Greeting(Welcome welcome, IServer server, IHostApplicationLifetime lifetime, TimeProvider clock, ILogger<Greeting> log) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var started = new TaskCompletionSource();
        await using var registration = lifetime.ApplicationStarted.Register(started.SetResult);
        await started.Task.WaitAsync(stoppingToken);
        var url = server.Features.Get<IServerAddressesFeature>()!.Addresses.First();
        try
        {
            if (welcome.Demo) await DemoPool.CreateAsync(new Uri(url), welcome, clock, stoppingToken);
            await System.Console.Out.WriteLineAsync(Text(url));
        }
        catch (HttpRequestException e)
        {
            log.LogError("The demo pool could not be set up: {Reason}", e.Message);
        }
    }

    private string Text(string url)
    {
        var flag = url == "http://127.0.0.1:8080" ? "" : $" --url {url}";
        var operatorKey = welcome.OwnKey ? $"$(cat {Shown(welcome.Home.OperatorKeyFile)})" : "$TOKENLEDGER_OPERATOR_KEY";
        string[] next = welcome.Demo
            ? [
                $"curl -sN {url}/v1/chat/completions -H \"Authorization: Bearer $(cat {Shown(welcome.Home.DemoKeyFile)})\" -H 'Content-Type: application/json' -d '{{\"stream\":true,\"messages\":[{{\"role\":\"user\",\"content\":\"Say hello\"}}]}}'",
                $"./tokenledger trace play docs/examples/small-trace.jsonl --concurrency 16 --pool {DemoPool.Name} --key \"$(cat {Shown(welcome.Home.DemoKeyFile)})\"{flag}",
                $"./tokenledger pools {DemoPool.Name} --key \"{operatorKey}\"{flag}",
            ]
            : [
                $"curl -s {url}/readyz",
                $"./tokenledger pools --key \"{operatorKey}\"{flag}",
                $"./tokenledger replay --verify --key \"{operatorKey}\"{flag}",
            ];
        return $"""

            TokenLedger listens on {url}
            operator key: {(welcome.OwnKey ? Shown(welcome.Home.OperatorKeyFile) : "the one in TOKENLEDGER_OPERATOR_KEY")}

            Try next:
              {string.Join("\n  ", next)}

            """;
    }

    private static string Shown(string file)
    {
        var relative = Path.GetRelativePath(Environment.CurrentDirectory, file);
        return relative.StartsWith("..", StringComparison.Ordinal) ? file : relative;
    }
}
