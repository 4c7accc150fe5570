using System.Net.Sockets;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using TokenLedger.Ledger;

namespace TokenLedger.Hosting;

/// <summary>Waits for the database and brings its schema up to date, before any other part of the process starts.</summary>
internal sealed class DatabaseStart(
    NpgsqlDataSource database, IEnumerable<SchemaUpgrade> modules, IServiceProvider services, IOptions<PostgresOptions> options, RetryPace pace, ILogger<DatabaseStart> logger)
    : IHostedLifecycleService
{
    private bool _done;

    public Task StartingAsync(CancellationToken cancellationToken) => ReadyAsync(cancellationToken);

    /// <summary>Returns at once when it has been done before.</summary>
    /// <exception cref="StartupException">The database did not answer in time, or refuses this client.</exception>
    public async Task ReadyAsync(CancellationToken ct)
    {
        if (_done) return;
        var began = pace.Time.GetTimestamp();
        for (var failures = 1; !await TryUpgradeAsync(began, ct); failures++)
        {
            if (failures == 1) logger.LogInformation("The database does not answer yet; waiting up to {Seconds} s for it.", options.Value.StartTimeout.TotalSeconds);
            await Task.Delay(pace.PauseAfter(failures), pace.Time, ct);
        }
        _done = true;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task<bool> TryUpgradeAsync(long began, CancellationToken ct)
    {
        try
        {
            await LedgerDatabase.UpgradeAsync(database, ct);
            foreach (var module in modules) await module.RunAsync(services, ct);
            return true;
        }
        catch (Exception error) when (IsStarting(error) && pace.Time.GetElapsedTime(began) < options.Value.StartTimeout)
        {
            return false;
        }
        catch (SchemaChangedException error)
        {
            throw new StartupException(error.Message, error);
        }
        catch (NpgsqlException error)
        {
            throw new StartupException($"The database could not be used within {options.Value.StartTimeout.TotalSeconds:0} s: {error.Message}", error);
        }
    }

    // A server that is starting refuses connections, or says so; wrong passwords and missing databases do not mend themselves.
    private static bool IsStarting(Exception error) =>
        error is PostgresException { SqlState: PostgresErrorCodes.CannotConnectNow } || (error is NpgsqlException and not PostgresException && (error.InnerException is SocketException or TimeoutException or IOException));
}
