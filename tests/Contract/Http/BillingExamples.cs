using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;

namespace TokenLedger.Tests.Contract;

/// <summary>Examples of the bodies that are about money.</summary>
internal static class BillingExamples
{
    private static readonly DateTimeOffset s_start = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly PriceListView s_prices = new(
        "llama-3.1-70b", s_start, "USD", [new(PriceKind.Input, MicrosPerMillion: 300_000), new(PriceKind.Committed, MicrosPerMillion: 200_000, ServiceClass.Dedicated)], "k-77ab01", LedgerPosition: 12);
    private static readonly StatementView s_statement = new(
        EventExamples.Acme, "2026-03", s_start, s_start.AddMonths(1), "USD", "TokenLedger", TotalTokens: 600, TotalMicros: 540, FirstPosition: 41, LastPosition: 57, Draft: false,
        [
            new(EventExamples.Pool, EventExamples.Gold, "llama-3.1-70b", ServiceClass.Guaranteed, PriceKind.Output, PricingCategory.Committed, CommitmentStatus.Used, "2026-02", Tokens: 600, Micros: 540),
        ],
        new(57, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="), s_start.AddMonths(1).AddHours(1), LedgerPosition: 58);
    private static readonly ClosingView s_run = new(s_start, s_start.AddSeconds(2), "scheduler", "host-1:4711", ["2026-02"], Statements: 2);

    public static IReadOnlyList<HttpExample> Requests { get; } =
    [
        HttpExample.Of(new PutPrices([new(PriceKind.Input, MicrosPerMillion: 300_000, ServiceClass.Guaranteed)], s_start)),
        HttpExample.Of(new PutPrices([new(PriceKind.Input, MicrosPerMillion: 300_000)]), "sparse"),
    ];

    public static IReadOnlyList<HttpExample> Answers { get; } =
    [
        HttpExample.Of(s_prices),
        HttpExample.Of(new PriceLists([s_prices])),
        HttpExample.Of(s_statement),
        HttpExample.Of(
            s_statement with { Draft = true, Checkpoint = null, IssuedAt = null, LedgerPosition = null, Lines = [new(null, null, null, null, PriceKind.Output, PricingCategory.Standard, null, null, 600, 0)] }, "draft"),
        HttpExample.Of(new StatementList(EventExamples.Acme, [new("2026-03", "USD", TotalTokens: 600, TotalMicros: 540, s_start.AddMonths(1), LedgerPosition: 58)])),
        HttpExample.Of(s_run),
        HttpExample.Of(s_run with { Periods = [], Statements = 0, Error = "TimeoutException: The ledger was not sealed up to position 57 in time." }, "failed"),
        HttpExample.Of(new ClosingRuns([s_run])),
        HttpExample.Of(new EntitlementValue(HasAccess: true, Balance: 400, Usage: 600, Overage: 0, TotalAvailableGrantAmount: 1_000, EventExamples.Pool, LedgerPosition: 57)),
    ];
}
