using TokenLedger.Contracts;

namespace TokenLedger.Benchmarks.Views;

/// <summary>The usage view from zero, as the metering service builds it, against reading the same rows and doing nothing with them.</summary>
internal static class ProjectBench
{
    public static async Task RunAsync(FilledLedger ledger, CancellationToken ct)
    {
        var type = EventCatalogue.WireName<TokensConsumed>();
        var events = await ledger.CountAsync(type, ct);
        var rates = await Rounds.RunAsync(TimeSpan.Zero, () => FromZeroAsync(ledger, events, ct), async () => events / await ledger.ReadSecondsAsync(type, ct));
        Results.Row("project/usage", Rounds.Typical(rates[0], rates[1]), "events/s", "reading the same rows");
    }

    private static async Task<double> FromZeroAsync(FilledLedger ledger, long events, CancellationToken ct)
    {
        await ledger.ForgetUsageAsync(ct);
        await using var host = new MeteringHost(ledger.Connection);
        return await host.CatchUpAsync(events, ct);
    }
}
