using System.ComponentModel;
using System.Diagnostics;
using TokenLedger.Benchmarks.Http;

namespace TokenLedger.Benchmarks.Gateways;

/// <summary>
/// Portkey's gateway from npm, which is installed once into the user's cache folder. It passes requests on and records nothing;
/// headers of its own tell it where to.
/// </summary>
internal static class Portkey
{
    private const string Package = "@portkey-ai/gateway";
    private const string Version = "1.15.2";

    /// <summary>Its web server, too, has to be named: with those since 1.14, which npm would take, this version answers every stream with 500.</summary>
    private const string Manifest = $$$"""{"private":true,"dependencies":{"{{{Package}}}":"{{{Version}}}"},"overrides":{"@hono/node-server":"1.13.8"}}""";

    public static async Task<Contender> StartAsync(Uri engine, CancellationToken ct)
    {
        var program = Path.Combine(await InstallAsync(ct), "node_modules", Package, "build", "start-server.js");
        var loopback = Path.Combine(AppContext.BaseDirectory, "Gateways", "loopback.cjs");
        return new("portkey-", await Instance.StartAsync(port => ["node", "--require", loopback, program, "--headless", $"--port={port}"], readiness: "", ct), Headers(engine));
    }

    public static (string Name, string Value)[] Headers(Uri engine) => [("Authorization", "Bearer none"), ("x-portkey-provider", "openai"), ("x-portkey-custom-host", new Uri(engine, "v1").ToString())];

    /// <returns>The folder that it is installed in.</returns>
    private static async Task<string> InstallAsync(CancellationToken ct)
    {
        var cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } named ? named : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        var folder = Path.Combine(cache, "tokenledger", $"portkey-{Version}");
        if (Directory.Exists(folder)) return folder;
        Results.Say($"Installing {Package}@{Version} into {folder} ...");
        // Renamed when it is whole: what was begun and not ended is begun again.
        var begun = Directory.CreateDirectory($"{folder}.{Environment.ProcessId}").FullName;
        try
        {
            await File.WriteAllTextAsync(Path.Combine(begun, "package.json"), Manifest, ct);
            using var npm = Process.Start(new ProcessStartInfo("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])
            {
                WorkingDirectory = begun,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            await using var stop = ct.Register(npm.Kill);
            var said = await Task.WhenAll(npm.StandardOutput.ReadToEndAsync(ct), npm.StandardError.ReadToEndAsync(ct));
            await npm.WaitForExitAsync(ct);
            if (npm.ExitCode != 0) throw new BenchException($"npm ended with code {npm.ExitCode}: {string.Concat(said).Trim()}");
            Directory.Move(begun, folder);
            return folder;
        }
        catch (Win32Exception e)
        {
            throw new BenchException($"npm cannot be started ({e.Message}), and Portkey's gateway comes from it. On Debian and Ubuntu: apt-get install npm");
        }
        finally
        {
            if (Directory.Exists(begun)) Directory.Delete(begun, recursive: true);
        }
    }
}
