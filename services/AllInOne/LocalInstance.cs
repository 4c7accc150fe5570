using Microsoft.Extensions.Logging.Console;
using TokenLedger.Hosting;
using TokenLedger.Hosting.Access;
using TokenLedger.Hosting.Postgres;

namespace TokenLedger.AllInOne;

/// <summary>All modules in one process, with a private PostgreSQL unless another one is named.</summary>
internal static class LocalInstance
{
    private const string DefaultUrl = "http://127.0.0.1:8080";

    public static async Task<int> RunAsync(string[] args, Action<WebApplicationBuilder> add, Action<WebApplication> map)
    {
        if (args is ["--help"] or ["-h"])
        {
            await System.Console.Out.WriteLineAsync(CommandLine.Help);
            return 0;
        }
        if (CommandLine.Parse(args) is not { } line)
        {
            await System.Console.Error.WriteLineAsync($"Not understood: {string.Join(' ', args)}. See --help.");
            return 2;
        }
        var environment = new ConfigurationBuilder().AddEnvironmentVariables().Build();
        var home = new LocalHome(environment["TOKENLEDGER_HOME"] ?? ".tokenledger");
        try
        {
            await using var postgres = await StartPostgresAsync(environment, home);
            var ownKey = string.IsNullOrEmpty(environment["TOKENLEDGER_OPERATOR_KEY"]);
            var key = ownKey ? await home.OperatorKeyAsync(CancellationToken.None) : environment["TOKENLEDGER_OPERATOR_KEY"]!;
            return await TokenLedgerProcess.RunAsync([], "allinone", DefaultUrl, builder =>
            {
                if (postgres is not null) builder.Configuration[$"{PostgresOptions.Section}:{nameof(PostgresOptions.ConnectionString)}"] = postgres.ConnectionString;
                builder.Configuration[$"{AccessOptions.Section}:{nameof(AccessOptions.OperatorKey)}"] = key;
                var ledgerKey = $"{SealingOptions.Section}:{nameof(SealingOptions.KeyFile)}";
                if (string.IsNullOrEmpty(builder.Configuration[ledgerKey])) builder.Configuration[ledgerKey] = home.LedgerKeyFile;
                if (line.Demo) DemoFleet.Configure(builder.Configuration, home, new(environment["TOKENLEDGER_URLS"]?.Split(';')[0] ?? DefaultUrl));
                add(builder);
                builder.Services.AddSingleton(new Welcome(home, line.Demo, key, ownKey));
                builder.Services.AddHostedService<Greeting>();
            }, map);
        }
        catch (PrivatePostgresException e)
        {
            await System.Console.Error.WriteLineAsync(e.Message);
            return 1;
        }
    }

    private static async Task<PrivatePostgres?> StartPostgresAsync(IConfiguration environment, LocalHome home)
    {
        if (!string.IsNullOrEmpty(environment["TOKENLEDGER_POSTGRES"]) || !string.IsNullOrEmpty(environment[$"{PostgresOptions.Section}:{nameof(PostgresOptions.ConnectionString)}"])) return null;
        // The host's own logging does not exist yet; the server's supervisor outlives this method and keeps this one.
        var loggers = LoggerFactory.Create(logging => logging.AddSimpleConsole(console => (console.SingleLine, console.ColorBehavior) = (true, LoggerColorBehavior.Disabled)));
        return await PrivatePostgres.StartAsync(new PrivatePostgresOptions(home.Folder), loggers.CreateLogger<PrivatePostgres>(), TimeProvider.System, CancellationToken.None);
    }
}
