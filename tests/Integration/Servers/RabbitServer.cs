using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace TokenLedger.Tests.Integration.Servers;

/// <summary>A RabbitMQ broker for the tests of this run, from Debian's package, on loopback ports of its own. Started by the first test that asks, removed at the end.</summary>
public sealed class RabbitServer : IAsyncDisposable
{
    private const string Program = "/usr/lib/rabbitmq/bin/rabbitmq-server";
    private const string User = "tests";
    private static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(50);
    private readonly TempHome _home = new();
    private readonly SemaphoreSlim _one = new(1, 1);
    private readonly string _password = RandomNumberGenerator.GetHexString(32);
    private readonly int _amqpPort, _nodePort, _epmdPort;
    private OwnedProcess? _epmd, _broker;

    public RabbitServer()
    {
        (_amqpPort, _nodePort, _epmdPort) = FreePorts();
        AmqpUri = new($"amqp://{User}:{_password}@127.0.0.1:{_amqpPort}/");
    }

    /// <summary>Where the broker listens once started; the same after a kill and a new start.</summary>
    public Uri AmqpUri { get; }

    /// <summary>Starts the broker unless it runs, and returns when it takes connections. After a kill it has the data it had.</summary>
    public async Task StartAsync()
    {
        await _one.WaitAsync();
        try
        {
            if (_broker is not null)
                return;
            if (!File.Exists(Program))
                throw new InvalidOperationException($"RabbitMQ is not installed ('{Program}' is missing): run 'apt-get install rabbitmq-server'.");
            await StartBrokerAsync();
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>SIGKILL of the broker. Tests that kill use a broker of their own.</summary>
    public async Task KillAsync()
    {
        await _one.WaitAsync();
        try
        {
            await (_broker?.DisposeAsync() ?? ValueTask.CompletedTask);
            _broker = null;
        }
        finally
        {
            _one.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        await (_epmd?.DisposeAsync() ?? ValueTask.CompletedTask);
        _home.Dispose();
        _one.Dispose();
    }

    private async Task StartBrokerAsync()
    {
        var environment = await ConfigureAsync();
        _epmd ??= await OwnedProcess.StartAsync(["epmd", "-port", $"{_epmdPort}", "-address", "127.0.0.1"], environment, InHome("epmd.log"));
        _broker = await OwnedProcess.StartAsync([Program], environment, InHome("broker.log"));
        using var patience = new CancellationTokenSource(StartTimeout);
        try
        {
            while (!await AnswersAsync(patience.Token))
                await Task.Delay(Glance, patience.Token);
        }
        catch (OperationCanceledException e)
        {
            throw new TimeoutException($"RabbitMQ does not answer. Its log: {await File.ReadAllTextAsync(InHome("broker.log"))}", e);
        }
    }

    /// <summary>A broker that greets a client's protocol header has finished its start.</summary>
    private async Task<bool> AnswersAsync(CancellationToken ct)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(IPAddress.Loopback, _amqpPort, ct);
            await socket.SendAsync("AMQP\0\0\x9\x1"u8.ToArray(), ct);
            return await socket.ReceiveAsync(new byte[1], ct) == 1;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private async Task<Dictionary<string, string>> ConfigureAsync()
    {
        await File.WriteAllTextAsync(InHome("rabbitmq.conf"), $"""
            listeners.tcp.local = 127.0.0.1:{_amqpPort}
            default_user = {User}
            default_pass = {_password}
            log.console = true
            log.file = false

            """);
        await File.WriteAllTextAsync(InHome("plugins"), "[].\n");
        await File.WriteAllTextAsync(InHome("environment"), "");
        return new()
        {
            ["HOME"] = _home.Folder,
            ["RABBITMQ_CONF_ENV_FILE"] = InHome("environment"),
            ["RABBITMQ_CONFIG_FILE"] = InHome("rabbitmq.conf"),
            ["RABBITMQ_ENABLED_PLUGINS_FILE"] = InHome("plugins"),
            ["RABBITMQ_MNESIA_BASE"] = InHome("data"),
            ["RABBITMQ_LOG_BASE"] = InHome("logs"),
            ["RABBITMQ_PID_FILE"] = InHome("broker.pid"),
            ["RABBITMQ_NODENAME"] = $"tests-{_amqpPort}@localhost",
            ["RABBITMQ_DIST_PORT"] = $"{_nodePort}",
            // Erlang's own ports would listen on every address.
            ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] = "-kernel inet_dist_use_interface {127,0,0,1}",
            ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
            ["ERL_EPMD_PORT"] = $"{_epmdPort}",
            // Erlang then takes the place of the start script, so that killing the one kills the other.
            ["RUNNING_UNDER_SYSTEMD"] = "true",
        };
    }

    private string InHome(string name) => Path.Combine(_home.Folder, name);

    private static (int Amqp, int Node, int Epmd) FreePorts()
    {
        // All three are held at once, so that they differ.
        TcpListener[] probes = [new(IPAddress.Loopback, 0), new(IPAddress.Loopback, 0), new(IPAddress.Loopback, 0)];
        foreach (var probe in probes)
            probe.Start();
        var ports = probes.Select(probe => ((IPEndPoint)probe.LocalEndpoint).Port).ToArray();
        foreach (var probe in probes)
            probe.Stop();
        return (ports[0], ports[1], ports[2]);
    }
}
