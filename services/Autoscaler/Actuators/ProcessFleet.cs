using System.Collections.Concurrent;
using System.Globalization;
using TokenLedger.Autoscaler.Engines;
using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;

namespace TokenLedger.Autoscaler.Actuators;

/// <summary>
/// Engines as processes of this machine, on loopback ports. One that leaves gets nothing new, finishes what it runs, is told to stop and, if it does not, is killed. A file for each remembers its
/// id, so that a start after a crash finds those that still run.
/// </summary>
internal sealed class ProcessFleet(PoolId pool, ProcessFleetOptions options, EngineScraper scraper, TimeProvider clock, ILogger log) : IActuator, IDisposable
{
    private readonly string _folder = Path.Combine(options.Folder, pool.Value);
    private readonly Lock _gate = new();
    private ConcurrentDictionary<int, ReplicaProcess>? _replicas;
    private FileStream? _claim;

    public async Task<FleetStatus?> LookAsync(CancellationToken ct)
    {
        var replicas = Replicas();
        await Task.WhenAll(replicas.Values.Select(async replica => replica.HasServed |= replica.IsWell = replica.IsAlive && await scraper.IsWellAsync(Address(replica, options.HealthPath), ct)));
        return new(replicas.Values.Count(replica => StateOf(replica) == ReplicaState.Serving), replicas.Values.ToDictionary(replica => Address(replica, "/metrics"), StateOf));
    }

    public async Task ScaleAsync(int replicas, CancellationToken ct)
    {
        var failed = Bury();
        var staying = Replicas().Values.Where(replica => replica.DrainingSince is null).ToList();
        if (staying.Count > replicas) Leave(staying, staying.Count - replicas);
        if (staying.Count < replicas) Join(replicas - staying.Count);
        await StopDrainedAsync(ct);
        if (failed is not null) throw new ActuatorException(failed);
    }

    /// <summary>Tells all to stop, when the service itself does.</summary>
    public void Terminate()
    {
        foreach (var replica in _replicas?.Values ?? []) replica.Terminate();
    }

    /// <summary>Those that answer nothing yet go first, then the last ones: the lowest ports are the longest-lived.</summary>
    private void Leave(List<ReplicaProcess> staying, int count)
    {
        foreach (var replica in staying.OrderBy(replica => replica.IsWell).ThenByDescending(replica => replica.Port).Take(count)) replica.DrainingSince = clock.GetUtcNow();
    }

    /// <summary>One that is leaving and has not been told to stop is taken back; others are started.</summary>
    private void Join(int count)
    {
        foreach (var replica in Replicas().Values.Where(replica => replica is { DrainingSince: not null, StoppingSince: null }).OrderBy(replica => replica.Port).Take(count).ToList())
        {
            (replica.DrainingSince, replica.WasIdle) = (null, false);
            count--;
        }
        foreach (var port in Enumerable.Range(options.FirstPort, options.Ports).Where(port => !Replicas().ContainsKey(port) && ReplicaProcess.IsFree(port)).Take(count).ToList())
        {
            var replica = ReplicaProcess.Start(options, port, FileOf(port, "log"));
            File.WriteAllText(FileOf(port, "pid"), $"{replica.Id}");
            Replicas()[port] = replica;
            count--;
        }
        if (count > 0) throw new ActuatorException($"There is no free port for {count} more processes.");
    }

    /// <summary>Idle when asked twice: what was admitted just before it left may still be on its way.</summary>
    private async Task StopDrainedAsync(CancellationToken ct)
    {
        foreach (var replica in Replicas().Values.Where(replica => replica.DrainingSince is not null))
        {
            var now = clock.GetUtcNow();
            var (idle, wasIdle) = (await IsIdleAsync(replica, ct), replica.WasIdle);
            replica.WasIdle = idle;
            if (replica.StoppingSince is { } stopping && now - stopping > TimeSpan.FromSeconds(options.StopSeconds)) replica.Kill();
            else if (replica.StoppingSince is null && (idle && wasIdle || now - replica.DrainingSince > TimeSpan.FromSeconds(options.DrainSeconds)))
            {
                replica.StoppingSince = now;
                replica.Terminate();
            }
        }
    }

    private async Task<bool> IsIdleAsync(ReplicaProcess replica, CancellationToken ct)
    {
        try
        {
            return (await scraper.ReadAsync(Address(replica, "/metrics"), ct)).Sample.IsIdle;
        }
        catch (ScrapeException)
        {
            // One that has never served has nothing to finish.
            return !replica.HasServed;
        }
    }

    /// <summary>Forgets those that have ended.</summary>
    /// <returns>What is wrong when one ended though nobody told it to.</returns>
    private string? Bury()
    {
        string? wrong = null;
        foreach (var replica in Replicas().Values.Where(replica => !replica.IsAlive))
        {
            Replicas().TryRemove(replica.Port, out _);
            File.Delete(FileOf(replica.Port, "pid"));
            if (replica.StoppingSince is not null) continue;
            if (replica.HasServed) log.LogWarning("The engine of pool {Pool} on port {Port} ended by itself.", pool, replica.Port);
            else wrong = $"The process for port {replica.Port} ended before it served; its log is {replica.Port}.log.";
        }
        return wrong;
    }

    private ConcurrentDictionary<int, ReplicaProcess> Replicas()
    {
        lock (_gate) return _replicas ??= Adopt();
    }

    private ConcurrentDictionary<int, ReplicaProcess> Adopt()
    {
        try
        {
            Directory.CreateDirectory(_folder);
            _claim = new FileStream(Path.Combine(_folder, "claim"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ActuatorException("The folder of the processes cannot be used, or another instance uses it.", e);
        }
        var found = from file in Directory.EnumerateFiles(_folder, "*.pid")
                    let port = int.Parse(Path.GetFileNameWithoutExtension(file), CultureInfo.InvariantCulture)
                    where int.TryParse(File.ReadAllText(file), CultureInfo.InvariantCulture, out _)
                    let replica = ReplicaProcess.Adopt(port, int.Parse(File.ReadAllText(file), CultureInfo.InvariantCulture))
                    where replica is not null
                    select KeyValuePair.Create(port, replica);
        return new(found);
    }

    private static ReplicaState StateOf(ReplicaProcess replica) => replica switch
    {
        { DrainingSince: not null } => ReplicaState.Draining,
        { IsWell: true } => ReplicaState.Serving,
        { HasServed: true } => ReplicaState.Lost,
        _ => ReplicaState.Starting,
    };

    private static Uri Address(ReplicaProcess replica, string path) => new($"http://127.0.0.1:{replica.Port}{path}");

    private string FileOf(int port, string kind) => Path.Combine(_folder, $"{port}.{kind}");

    public void Dispose() => _claim?.Dispose();
}
