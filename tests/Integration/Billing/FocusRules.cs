using System.Globalization;
using System.Text.RegularExpressions;

namespace TokenLedger.Tests.Integration.Billing;

/// <summary>FOCUS 1.2, column by column: type, whether it may be empty, the values it may have, and what two columns say of each other. Written from the specification, not from our file.</summary>
internal static class FocusRules
{
    private static readonly Dictionary<string, (bool Nullable, Func<string, bool> Holds)> s_columns = new()
    {
        ["BilledCost"] = (false, IsDecimal),
        ["EffectiveCost"] = (false, IsDecimal),
        ["ListCost"] = (false, IsDecimal),
        ["ContractedCost"] = (false, IsDecimal),
        ["BillingAccountId"] = (false, IsText),
        ["BillingAccountName"] = (true, IsText),
        ["BillingCurrency"] = (false, text => Regex.IsMatch(text, "^[A-Z]{3}$")),
        ["BillingPeriodStart"] = (false, IsTime),
        ["BillingPeriodEnd"] = (false, IsTime),
        ["ChargePeriodStart"] = (false, IsTime),
        ["ChargePeriodEnd"] = (false, IsTime),
        ["ChargeCategory"] = (false, Of("Usage", "Purchase", "Tax", "Credit", "Adjustment")),
        ["ChargeClass"] = (true, Of("Correction")),
        ["ChargeDescription"] = (true, IsText),
        ["ChargeFrequency"] = (false, Of("One-Time", "Recurring", "Usage-Based")),
        ["CommitmentDiscountCategory"] = (true, Of("Spend", "Usage")),
        ["CommitmentDiscountId"] = (true, IsText),
        ["CommitmentDiscountName"] = (true, IsText),
        ["CommitmentDiscountQuantity"] = (true, IsDecimal),
        ["CommitmentDiscountStatus"] = (true, Of("Used", "Unused")),
        ["CommitmentDiscountType"] = (true, IsText),
        ["CommitmentDiscountUnit"] = (true, IsText),
        ["ConsumedQuantity"] = (true, IsDecimal),
        ["ConsumedUnit"] = (true, IsText),
        ["InvoiceId"] = (true, IsText),
        ["InvoiceIssuerName"] = (false, IsText),
        ["PricingCategory"] = (true, Of("Standard", "Dynamic", "Committed", "Other")),
        ["PricingQuantity"] = (true, IsDecimal),
        ["PricingUnit"] = (true, IsText),
        ["ProviderName"] = (false, IsText),
        ["PublisherName"] = (false, IsText),
        ["ServiceCategory"] = (false, Of("AI and Machine Learning")),
        ["ServiceName"] = (false, IsText),
        ["ServiceSubcategory"] = (false, Of("Generative AI")),
        ["SubAccountId"] = (true, IsText),
        ["SubAccountName"] = (true, IsText),
    };

    public static void Check(List<Dictionary<string, string>> rows) => Assert.All(rows, row =>
    {
        Assert.Equal(s_columns.Keys.Order(StringComparer.Ordinal), row.Keys.Order(StringComparer.Ordinal));
        foreach (var (column, value) in row)
            Assert.True(value.Length == 0 ? s_columns[column].Nullable : s_columns[column].Holds(value), $"{column} must not be '{value}'.");
        Together(row);
    });

    private static void Together(Dictionary<string, string> row)
    {
        bool Has(string column) => row[column].Length > 0;
        Assert.True(string.CompareOrdinal(row["BillingPeriodStart"], row["BillingPeriodEnd"]) < 0 && string.CompareOrdinal(row["ChargePeriodStart"], row["ChargePeriodEnd"]) < 0);
        Assert.Equal(Has("PricingQuantity"), Has("PricingUnit"));
        Assert.Equal(Has("ConsumedQuantity"), Has("ConsumedUnit"));
        Assert.Equal(Has("CommitmentDiscountQuantity"), Has("CommitmentDiscountUnit"));
        foreach (var column in (string[])["CommitmentDiscountCategory", "CommitmentDiscountStatus", "CommitmentDiscountType"]) Assert.Equal(Has("CommitmentDiscountId"), Has(column));
        Assert.Equal(Has("CommitmentDiscountId"), row["PricingCategory"] == "Committed");
        if (row["CommitmentDiscountStatus"] == "Unused") Assert.False(Has("ConsumedQuantity"));
        Assert.Equal(row["ChargeClass"] == "Correction", string.CompareOrdinal(row["ChargePeriodStart"], row["BillingPeriodStart"]) < 0);
        if (Has("SubAccountName")) Assert.True(Has("SubAccountId"));
    }

    private static bool IsDecimal(string text) => Regex.IsMatch(text, @"^-?\d+(\.\d+)?$");

    private static bool IsText(string text) => text.Trim().Length > 0;

    private static bool IsTime(string text) => DateTime.TryParseExact(text, "yyyy-MM-ddTHH:mm:ss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.None, out _);

    private static Func<string, bool> Of(params string[] values) => values.Contains;
}
