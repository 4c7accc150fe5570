using System.Globalization;
using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;
using TokenLedger.Core.Metering;

namespace TokenLedger.Metering.Statements;

/// <summary>
/// A statement in FOCUS 1.2 (FinOps Open Cost and Usage Specification). There is one price list and no discount beside the committed rate, so billed, effective, contracted and list cost are the same.
/// A line that belongs to a month closed before is a correction of that month's statement.
/// </summary>
internal static class FocusCsv
{
    private const decimal MicrosPerUnit = 1_000_000m;
    private const string Tokens = "Tokens";

    private static readonly (string Name, Func<StatementView, StatementLine, MeteringOptions, string?> Value)[] s_columns =
    [
        ("BilledCost", (_, line, _) => Cost(line)),
        ("BillingAccountId", (statement, _, _) => statement.Tenant.Value),
        ("BillingAccountName", (statement, _, _) => statement.Tenant.Value),
        ("BillingCurrency", (statement, _, _) => statement.Currency),
        ("BillingPeriodEnd", (statement, _, _) => Time(statement.End)),
        ("BillingPeriodStart", (statement, _, _) => Time(statement.Start)),
        ("ChargeCategory", (_, _, _) => "Usage"),
        ("ChargeClass", (_, line, _) => line.OriginalPeriod is null ? null : "Correction"),
        ("ChargeDescription", (_, line, _) => Describe(line)),
        ("ChargeFrequency", (_, _, _) => "Usage-Based"),
        ("ChargePeriodEnd", (statement, line, _) => Time(line.OriginalPeriod is { } month ? BillingMonth.Parse(month).End : statement.End)),
        ("ChargePeriodStart", (statement, line, _) => Time(line.OriginalPeriod is { } month ? BillingMonth.Parse(month).Start : statement.Start)),
        ("CommitmentDiscountCategory", (_, line, _) => line.Commitment is null ? null : "Usage"),
        ("CommitmentDiscountId", (_, line, _) => line.Commitment is null ? null : $"{line.Pool}/{line.Entitlement}"),
        ("CommitmentDiscountName", (_, line, _) => line.Commitment is null ? null : line.Entitlement?.Value),
        ("CommitmentDiscountQuantity", (_, line, _) => line.Commitment is null ? null : Whole(line.Tokens)),
        ("CommitmentDiscountStatus", (_, line, _) => line.Commitment?.ToString()),
        ("CommitmentDiscountType", (_, line, _) => line.Commitment is null ? null : "Baseline"),
        ("CommitmentDiscountUnit", (_, line, _) => line.Commitment is null ? null : Tokens),
        ("ConsumedQuantity", (_, line, _) => IsUnused(line) ? null : Whole(line.Tokens)),
        ("ConsumedUnit", (_, line, _) => IsUnused(line) ? null : Tokens),
        ("ContractedCost", (_, line, _) => Cost(line)),
        ("EffectiveCost", (_, line, _) => Cost(line)),
        ("InvoiceId", (statement, _, _) => statement.Draft ? null : $"{statement.Tenant}-{statement.Period}"),
        ("InvoiceIssuerName", (statement, _, _) => statement.Issuer),
        ("ListCost", (_, line, _) => Cost(line)),
        ("PricingCategory", (_, line, _) => line.Category.ToString()),
        ("PricingQuantity", (_, line, _) => Whole(line.Tokens)),
        ("PricingUnit", (_, _, _) => Tokens),
        ("ProviderName", (_, _, options) => options.Provider),
        ("PublisherName", (_, _, options) => options.Provider),
        ("ServiceCategory", (_, _, _) => "AI and Machine Learning"),
        ("ServiceName", (_, _, options) => options.ServiceName),
        ("ServiceSubcategory", (_, _, _) => "Generative AI"),
        ("SubAccountId", (_, line, _) => line.Entitlement is { } entitlement ? $"{line.Pool}/{entitlement}" : null),
        ("SubAccountName", (_, line, _) => line.Entitlement?.Value),
    ];

    public static IResult Write(StatementView statement, MeteringOptions options) => StatementCsv.Write(
        [.. s_columns.Select(column => column.Name)],
        statement.Lines.Select(line => s_columns.Select(column => (object?)column.Value(statement, line, options)).ToArray()));

    private static bool IsUnused(StatementLine line) => line.Commitment == CommitmentStatus.Unused;

    private static string Cost(StatementLine line) => (line.Micros / MicrosPerUnit).ToString("0.000000", CultureInfo.InvariantCulture);

    private static string Whole(long tokens) => tokens.ToString(CultureInfo.InvariantCulture);

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static string Describe(StatementLine line)
    {
        var what = IsUnused(line) ? "Committed capacity, unused" : $"{StatementCsv.Word<PriceKind>(line.Kind)} tokens";
        return string.Join(", ", ((string?[])[what, line.Model, StatementCsv.Word(line.ServiceClass)]).Where(part => part is not null));
    }
}
