using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Npgsql;
using TokenLedger.Ledger;

namespace TokenLedger.Hosting;

/// <summary>The ledger in PostgreSQL, whose schema is up to date before anything else in the process starts.</summary>
public static class LedgerServices
{
    public static IServiceCollection AddLedger(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSettings<PostgresOptions>(configuration, PostgresOptions.Section);
        services.AddSingleton(provider => LedgerDatabase.Open(provider.GetRequiredService<IOptions<PostgresOptions>>().Value.ConnectionString));
        services.AddSingleton<ILedger>(provider => new PostgresLedger(provider.GetRequiredService<NpgsqlDataSource>()));
        services.AddSingleton<DatabaseStart>();
        return services.AddHostedService(provider => provider.GetRequiredService<DatabaseStart>());
    }

    /// <summary>Runs before any other part of the process starts, once the ledger's own schema is there: the way for a service to upgrade its tables.</summary>
    public static IServiceCollection AddSchema(this IServiceCollection services, Func<IServiceProvider, CancellationToken, Task> upgrade) =>
        services.AddSingleton(new SchemaUpgrade(upgrade));
}

/// <summary>One module's tables.</summary>
internal sealed record SchemaUpgrade(Func<IServiceProvider, CancellationToken, Task> RunAsync);
