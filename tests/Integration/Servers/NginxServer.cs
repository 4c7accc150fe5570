using System.Net.Sockets;
using TokenLedger.Tests.Integration.Hosting;

namespace TokenLedger.Tests.Integration.Servers;

/// <summary>nginx from Debian's package with the configuration of infra/nginx, but for its addresses. It listens on a socket in a folder of its own, so that no port can be taken.</summary>
internal sealed class NginxServer : IAsyncDisposable
{
    private const string Modules = "/usr/lib/nginx/modules";
    private static readonly TimeSpan s_glance = TimeSpan.FromMilliseconds(20);
    private readonly TempHome _home = new();
    private OwnedProcess? _process;

    private string Listens => Path.Combine(_home.Folder, "socket");

    public string AccessLog => InHome("access.log");
    public string ErrorLog => InHome("error.log");

    /// <param name="admission">Addresses in place of those in the configuration, without a scheme.</param>
    public static async Task<NginxServer> StartAsync(string admission, string metering, string engine)
    {
        var nginx = new NginxServer();
        try
        {
            await nginx.RunAsync(new() { ["127.0.0.1:8081"] = admission, ["127.0.0.1:8082"] = metering, ["127.0.0.1:9000"] = engine });
            return nginx;
        }
        catch
        {
            await nginx.DisposeAsync();
            throw;
        }
    }

    /// <summary>A client of it.</summary>
    public HttpClient Connect() => new(new SocketsHttpHandler
    {
        ConnectCallback = async (_, ct) =>
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(Listens), ct);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        },
    })
    { BaseAddress = new("http://nginx"), Timeout = Timeout.InfiniteTimeSpan };

    private async Task RunAsync(Dictionary<string, string> addresses)
    {
        var program = File.Exists("/usr/sbin/nginx") ? "/usr/sbin/nginx" : "nginx";
        foreach (var name in (string[])["ndk_http_module", "ngx_http_lua_module"])
            Assert.True(File.Exists($"{Modules}/{name}.so"), $"'{Modules}/{name}.so' is missing: run 'apt-get install nginx libnginx-mod-http-lua lua-cjson'.");
        var lua = Path.Combine(Checkout.Root, "infra/nginx");
        var site = await File.ReadAllTextAsync(Path.Combine(lua, "tokenledger.conf"));
        addresses["127.0.0.1:8088"] = $"unix:{Listens}";
        addresses["/etc/nginx/"] = lua + "/";
        addresses["/var/log/nginx/tokenledger.log"] = InHome("access.log");
        foreach (var (from, to) in addresses)
        {
            Assert.Contains(from, site, StringComparison.Ordinal);
            site = site.Replace(from, to, StringComparison.Ordinal);
        }
        await File.WriteAllTextAsync(InHome("site.conf"), site);
        // One process, which ends with this one.
        await File.WriteAllTextAsync(InHome("nginx.conf"), $$"""
            load_module {{Modules}}/ndk_http_module.so;
            load_module {{Modules}}/ngx_http_lua_module.so;
            daemon off;
            master_process off;
            pid {{InHome("pid")}};
            error_log {{InHome("error.log")}} info;
            events { worker_connections 1024; }
            http {
                client_body_temp_path {{InHome("body")}};
                proxy_temp_path {{InHome("proxy")}};
                fastcgi_temp_path {{InHome("fastcgi")}};
                uwsgi_temp_path {{InHome("uwsgi")}};
                scgi_temp_path {{InHome("scgi")}};
                include {{InHome("site.conf")}};
            }
            """);
        _process = await OwnedProcess.StartAsync([program, "-p", _home.Folder, "-e", InHome("error.log"), "-c", InHome("nginx.conf")], new Dictionary<string, string>(), InHome("output.log"));
        var patience = Within.Patience();
        try
        {
            while (!await AnswersAsync(patience)) await Task.Delay(s_glance, patience);
        }
        catch (OperationCanceledException e)
        {
            throw new TimeoutException($"nginx does not answer: {await File.ReadAllTextAsync(InHome("output.log"), CancellationToken.None)}", e);
        }
    }

    private async Task<bool> AnswersAsync(CancellationToken ct)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(Listens), ct);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private string InHome(string name) => Path.Combine(_home.Folder, name);

    public async ValueTask DisposeAsync()
    {
        if (_process is not null) await _process.DisposeAsync();
        _home.Dispose();
    }
}
