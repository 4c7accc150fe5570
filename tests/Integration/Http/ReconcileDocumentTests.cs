using TokenLedger.Tests.Integration.Backup;
using TokenLedger.Tests.Integration.Scenarios;

namespace TokenLedger.Tests.Integration.Http;

/// <summary>The example of a reconciliation in docs/operations.md, run as it is written there.</summary>
public sealed class ReconcileDocumentTests(PostgresServer postgres)
{
    [Fact]
    public async Task Corrects_and_reconciles_as_documented()
    {
        await using var api = await ApiInstance.StartAsync(await postgres.CreateConnectionStringAsync("reconcile"));
        await api.OpenPoolAsync("chat");
        var gateway = await api.EnterAsync("chat", "acme");
        var request = Guid.NewGuid();
        var used = (await gateway.PostUsageAsync(Bodies.Usage(request, input: 100, output: 50, id: "evt-4711").But("data.completedAt", "\"2026-01-10T12:00:00Z\""))).MustBe(202);
        (await api.Operator.GetAsync($"/v1/usage?atLeast={used.Position}")).MustBe(200);
        using var folder = new TempHome();
        await File.WriteAllTextAsync(Path.Combine(folder.Folder, "january.csv"), $"requestId,inputTokens,outputTokens\n{request},100,30\n", TestContext.Current.CancellationToken);
        File.CreateSymbolicLink(Path.Combine(folder.Folder, "tokenledger"), ProductProcess.Program("Cli", "tokenledger"));
        await DocumentedCommands.RunAsync("tokenledger reconcile", folder.Folder, ("TOKENLEDGER_URL", api.Address), ("TOKENLEDGER_KEY", ApiInstance.OperatorKey));
        Assert.Contains("\"ok\":true", await File.ReadAllTextAsync(Path.Combine(folder.Folder, "january.json"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }
}
