using TokenLedger.Contracts;
using TokenLedger.Tests.Integration.Audit;
using TokenLedger.Tests.Integration.Http;

namespace TokenLedger.Tests.Integration.Billing;

/// <summary>Two bills that can be counted by hand: 1 token/s committed at half a micro-unit a token, input on demand at a whole one.</summary>
public sealed class GoldenBillTests(PostgresServer postgres)
{
    private const long Hour = 3_600;
    private static readonly PoolId s_pool = new("pool");
    private readonly StoppedTime _clock = new();

    [Fact]
    public async Task Charges_what_is_committed_what_exceeds_it_and_what_is_late_or_put_right()
    {
        await using var api = await BillingInstance.StartAsync(await postgres.CreateConnectionStringAsync("golden"), _clock);
        var noon = _clock.GetUtcNow();
        await api.AppendAsync(Streams.Pool(s_pool), noon,
            new PoolOpened(s_pool, new("llama", 2, new(100_000, 1_000_000_000, 64), 1_000, 100, 10, 300, 3_600_000, new(1, 4, 0.8))),
            new EntitlementGranted(s_pool, new("gold"), new(new("acme"), ServiceClass.Guaranteed, 500, new(1, 1, 1), null, null)));
        await api.AppendAsync(Streams.Prices, noon, new PriceSet("llama", noon.AddYears(-1), [new(PriceKind.Input, 1_000_000), new(PriceKind.Output, 2_000_000), new(PriceKind.Committed, 500_000)], "tests"));
        var first = Entry(5_000, noon);
        var firstAt = await api.AppendAsync(Streams.Usage(s_pool), noon, first);
        _clock.Skip(TimeSpan.FromDays(31));
        await api.CloseAsync();
        // July was committed from noon of its first day on: 732 hours.
        await BilledAsync(api, "2026-07",
            (null, PriceKind.Input, PricingCategory.Standard, null, 1_400, 1_400),
            (null, PriceKind.Input, PricingCategory.Committed, CommitmentStatus.Used, Hour, 1_800),
            (null, PriceKind.Committed, PricingCategory.Committed, CommitmentStatus.Unused, 731 * Hour, 731 * 1_800));

        var late = Entry(4_000, noon.AddMinutes(90));
        var lateAt = await api.AppendAsync(Streams.Usage(s_pool), _clock.GetUtcNow(), late);
        await api.AppendAsync(Streams.Usage(s_pool), _clock.GetUtcNow(), Correction(late, lateAt, -500), Correction(first, firstAt, -2_000));
        await api.AppendAsync(Streams.Prices, _clock.GetUtcNow(), new PriceSet("llama", noon.AddYears(-1), [new(PriceKind.Input, 9_000_000), new(PriceKind.Committed, 500_000)], "tests"));
        _clock.Skip(TimeSpan.FromDays(31));
        await api.CloseAsync();
        await BilledAsync(api, "2026-08",
            (null, PriceKind.Committed, PricingCategory.Committed, CommitmentStatus.Unused, 744 * Hour, 744 * 1_800),
            ("2026-07", PriceKind.Input, PricingCategory.Standard, null, -1_400, -1_400),
            ("2026-07", PriceKind.Input, PricingCategory.Committed, CommitmentStatus.Used, 3_000 + 3_500 - Hour, (3_000 + 3_500 - Hour) / 2),
            ("2026-07", PriceKind.Committed, PricingCategory.Committed, CommitmentStatus.Unused, Hour - 3_000 - 3_500, (Hour - 3_000 - 3_500) / 2));
        var usage = (await api.Operator.GetAsync("/v1/usage?tenant=acme")).MustBe(200).Json["rows"]![0]!;
        Assert.Equal((6_500, 3_250), ((long)usage["inputTokens"]!, (long)usage["costMicros"]!));
    }

    private static async Task BilledAsync(
        ApiInstance api, string period, params (string? Original, PriceKind Kind, PricingCategory Category, CommitmentStatus? Commitment, long Tokens, long Micros)[] lines)
    {
        var statement = (await api.Operator.GetAsync($"/v1/statements/acme/{period}")).MustBe(200).Json;
        Assert.Equal(
            lines.Select(line => $"{line.Original} {Word<PriceKind>(line.Kind)} {Word<PricingCategory>(line.Category)} {Word(line.Commitment)} {line.Tokens} {line.Micros}"),
            statement["lines"]!.AsArray().Select(line => $"{line!["originalPeriod"]} {line["kind"]} {line["category"]} {line["commitment"]} {line["tokens"]} {line["micros"]}"));
        Assert.Equal((lines.Sum(line => line.Tokens), lines.Sum(line => line.Micros)), ((long)statement["totalTokens"]!, (long)statement["totalMicros"]!));
    }

    private static string Word<T>(T? value) where T : struct, Enum => value is { } known ? WordConverter<T>.Word(known) : "";

    private static TokensConsumed Entry(long input, DateTimeOffset at) => new(
        "tests", Guid.NewGuid().ToString(), new(Guid.NewGuid()), s_pool, new("gold"), new("acme"), "llama", ServiceClass.Guaranteed, true, input, 0, 0, 0, Outcome.Completed, null, null, at);

    private static UsageCorrected Correction(TokensConsumed e, long position, long input) => new(
        Guid.NewGuid().ToString(), new(e.Source, e.EventId, position), e.Request, e.Pool, e.Entitlement, e.Tenant, e.Model, e.ServiceClass, e.Admitted, e.Outcome,
        Requests: 0, input, 0, 0, 0, "a test", "tests", e.CompletedAt);
}
