using System.Diagnostics;
using System.Text.Json.Nodes;

[assembly: AssemblyFixture(typeof(TokenLedger.Tests.Integration.Gateways.NodeClient))]

namespace TokenLedger.Tests.Integration.Gateways;

/// <summary>Node and the packages of Node/package-lock.json, fetched by npm when the first test asks for them and kept beside the built tests.</summary>
public sealed class NodeClient
{
    private static readonly string s_folder = Path.Combine(AppContext.BaseDirectory, "Gateways", "Node");
    private readonly Lazy<Task> _packages = new(FetchAsync);

    /// <summary>Plays one scenario of a script.</summary>
    /// <returns>What it printed.</returns>
    internal async Task<JsonNode> PlayAsync(string script, string scenario, params (string Name, string Value)[] environment)
    {
        await _packages.Value;
        return JsonNode.Parse(await RunAsync("node", [script, scenario], environment))!;
    }

    private static async Task FetchAsync()
    {
        // npm writes this file last, so an older one is of another list or of a fetch that broke off.
        var (list, fetched) = (Path.Combine(s_folder, "package-lock.json"), Path.Combine(s_folder, "node_modules", ".package-lock.json"));
        if (!File.Exists(fetched) || File.GetLastWriteTimeUtc(fetched) < File.GetLastWriteTimeUtc(list)) await RunAsync("npm", ["ci"], []);
    }

    private static async Task<string> RunAsync(string program, string[] arguments, (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = s_folder, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromMinutes(3));
        try
        {
            var (output, errors) = (process.StandardOutput.ReadToEndAsync(patience.Token), process.StandardError.ReadToEndAsync(patience.Token));
            await process.WaitForExitAsync(patience.Token);
            Assert.True(process.ExitCode == 0, $"`{program} {string.Join(' ', arguments)}` ended with {process.ExitCode}:\n{await errors}\n{await output}");
            return await output;
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }
}
