using TokenLedger.Contracts;

namespace TokenLedger.Benchmarks.Views;

/// <summary>The usage view from zero, as the metering service builds it, against reading the same rows and doing nothing with them.</summary>
internal static class ProjectBench
{
    public static async Task RunAsync(FilledLedger ledger, CancellationToken ct)
    {
        var type = EventCatalogue.WireName<TokensConsumed>();
        var (events, read) = (await ledger.CountAsync(type, ct), await ledger.ReadSecondsAsync(type, ct));
        await using var host = new MeteringHost(ledger.Connection);
        Results.Row("project/usage", await host.CatchUpAsync(events, ct), "events/s", events / read, "reading the same rows");
    }
}
