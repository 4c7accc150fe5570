using System.Globalization;

namespace TokenLedger.Core.Metering;

/// <summary>A calendar month in UTC: the period of a bill.</summary>
public readonly record struct BillingMonth(int Year, int Month) : IComparable<BillingMonth>
{
    public DateTimeOffset Start => new(Year, Month, 1, 0, 0, 0, TimeSpan.Zero);

    public DateTimeOffset End => Next.Start;

    public BillingMonth Next => Month == 12 ? new(Year + 1, 1) : new(Year, Month + 1);

    public static BillingMonth Of(DateTimeOffset time) => new(time.UtcDateTime.Year, time.UtcDateTime.Month);

    /// <summary>Reads 2026-10.</summary>
    public static bool TryParse(string? text, out BillingMonth month)
    {
        var read = DateTime.TryParseExact(text, "yyyy-MM", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) && day.Year < 9999;
        month = read ? new(day.Year, day.Month) : default;
        return read;
    }

    /// <exception cref="FormatException">The text is no month.</exception>
    public static BillingMonth Parse(string text) => TryParse(text, out var month) ? month : throw new FormatException($"'{text}' is no month such as 2026-10.");

    public int CompareTo(BillingMonth other) => (Year * 12 + Month).CompareTo(other.Year * 12 + other.Month);

    public static bool operator <(BillingMonth a, BillingMonth b) => a.CompareTo(b) < 0;
    public static bool operator >(BillingMonth a, BillingMonth b) => a.CompareTo(b) > 0;
    public static bool operator <=(BillingMonth a, BillingMonth b) => a.CompareTo(b) <= 0;
    public static bool operator >=(BillingMonth a, BillingMonth b) => a.CompareTo(b) >= 0;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Year:0000}-{Month:00}");
}
