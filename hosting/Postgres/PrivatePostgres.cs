using Microsoft.Extensions.Logging;

namespace TokenLedger.Hosting.Postgres;

/// <summary>
/// A PostgreSQL server of our own for one machine: made on first use, reachable through a unix socket in a private folder only, started again when it dies,
/// stopped with this process however that ends. Data outlive the process, the server does not.
/// </summary>
public sealed class PrivatePostgres : IAsyncDisposable
{
    private readonly PrivatePostgresOptions _options;
    private readonly ILogger _logger;
    private readonly TimeProvider _clock;
    private readonly DataDirectory _data;
    private readonly PostgresBinaries _binaries;
    private readonly FileStream _lock;
    private readonly ServerFiles _files;
    private readonly LeftoverServer _leftover;
    private readonly CancellationTokenSource _stopping = new();
    private ServerProcess? _server;
    private Task _supervision = Task.CompletedTask;

    private PrivatePostgres(PrivatePostgresOptions options, ILogger logger, TimeProvider clock, DataDirectory data, PostgresBinaries binaries, FileStream held, ServerFiles files)
    {
        (_options, _logger, _clock, _data, _binaries, _lock, _files) = (options, logger, clock, data, binaries, held, files);
        _leftover = new(data, binaries, files.SocketFolder, clock);
        ConnectionString = PostgresSession.ConnectionString(files.SocketFolder, options.MaxConnections);
    }

    /// <summary>For Npgsql; the database <c>tokenledger</c>, as its owner.</summary>
    public string ConnectionString { get; }

    /// <summary>Returns when the server accepts connections and the database exists.</summary>
    /// <exception cref="PrivatePostgresException">PostgreSQL is not installed, another host has the home, or the server does not start.</exception>
    public static async Task<PrivatePostgres> StartAsync(PrivatePostgresOptions options, ILogger logger, TimeProvider clock, CancellationToken ct)
    {
        var home = Directory.CreateDirectory(options.Home).FullName;
        // Two ways to the same folder must give the same names.
        home = await Command.RunAsync(["realpath", home], ct);
        var data = await DataDirectory.LocateAsync(home, ct);
        var held = data.Lock();
        PrivatePostgres? postgres = null;
        try
        {
            var binaries = await PostgresBinaries.FindAsync(data.MadeBy, ct);
            if (data.MadeBy is null)
                await data.InitialiseAsync(binaries, PostgresSession.User, ct);
            postgres = new(options, logger, clock, data, binaries, held, new ServerFiles(home, data, options.MaxLogBytes));
            await postgres.StartFirstAsync(ct);
            return postgres;
        }
        catch
        {
            await (postgres?.DisposeAsync() ?? held.DisposeAsync());
            throw;
        }
    }

    private async Task StartFirstAsync(CancellationToken ct)
    {
        await StartServerAsync(ct);
        await PostgresSession.WaitUntilReadyAsync(ConnectionString, _clock, _options.StartTimeout, ThrowIfExited, ct);
        await PostgresSession.EnsureDatabaseAsync(ConnectionString, ct);
        _supervision = SuperviseAsync(_stopping.Token);
        _logger.LogInformation("PostgreSQL {Major} is running on {Data}, its log is {Log}", _binaries.Major, _data.Folder, _files.Log);
    }

    private void ThrowIfExited()
    {
        if (_server!.HasExited)
            throw new PrivatePostgresException($"PostgreSQL stopped while starting, with code {_server.ExitCode}. The end of '{_files.Log}': {_files.LogEnd()}");
    }

    private async Task StartServerAsync(CancellationToken ct)
    {
        await _leftover.ClearAsync(_options.StopTimeout, ct);
        await _files.PrepareAsync(ct);
        _server?.Dispose();
        _server = ServerProcess.Start(_data, _files.Log, [_binaries.Postgres, "-D", _data.Folder, .. ServerSettings.For(_options, _data, _files.SocketFolder)]);
    }

    /// <summary>Starts the server again when it dies under us; clients come back through their pools.</summary>
    private async Task SuperviseAsync(CancellationToken ct)
    {
        var delay = _options.FirstRestartDelay;
        while (!ct.IsCancellationRequested)
        {
            var started = _clock.GetTimestamp();
            try
            {
                await _server!.WaitForExitAsync(ct);
                if (_clock.GetElapsedTime(started) > _options.MaxRestartDelay)
                    delay = _options.FirstRestartDelay;
                _logger.LogError("PostgreSQL stopped by itself with code {Code}; it is started again in {Delay}; its log is {Log}", _server.ExitCode, delay, _files.Log);
                await Task.Delay(delay, _clock, ct);
                delay = TimeSpan.FromTicks(Math.Min(delay.Ticks * 2, _options.MaxRestartDelay.Ticks));
                await StartServerAsync(ct);
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is PrivatePostgresException or IOException or UnauthorizedAccessException)
            {
                _logger.LogError(e, "PostgreSQL could not be started again; the next attempt follows");
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_stopping.IsCancellationRequested)
            return;
        await _stopping.CancelAsync();
        await _supervision;
        try
        {
            await StopServerAsync();
        }
        finally
        {
            _server?.Dispose();
            await _lock.DisposeAsync();
            _stopping.Dispose();
        }
    }

    private async Task StopServerAsync()
    {
        if (_server is not null && !await _server.TryStopAsync(_options.StopTimeout, _clock))
            _logger.LogWarning("PostgreSQL did not stop within {Patience}; it is stopped at once and recovers at its next start", _options.StopTimeout);
        // Also when a supervisor's restart was cut short between two servers: nothing of ours may stay behind.
        await _leftover.ClearAsync(_options.StopTimeout, CancellationToken.None);
        _files.RemoveSocketFolder();
    }
}
