using TokenLedger.Core.Scaling;

namespace TokenLedger.Tests.Unit.Core;

/// <summary>Cron expressions as the field writes them.</summary>
public sealed class CronTests
{
    [Theory]
    [InlineData("30 8 * * *", "2026-03-02T08:30:59Z", true)]
    [InlineData("30 8 * * *", "2026-03-02T08:31:00Z", false)]
    [InlineData("*/15 * * * *", "2026-03-02T08:45:00Z", true)]
    [InlineData("*/15 * * * *", "2026-03-02T08:46:00Z", false)]
    [InlineData("0 8-18/2 * * *", "2026-03-02T16:00:00Z", true)]
    [InlineData("0 8-18/2 * * *", "2026-03-02T17:00:00Z", false)]
    [InlineData("0 8 * * 1-5", "2026-03-02T08:00:00Z", true)]
    [InlineData("0 8 * * 1-5", "2026-03-01T08:00:00Z", false)]
    [InlineData("0 8 1 * 3", "2026-03-01T08:00:00Z", true)]
    [InlineData("0 8 1 * 3", "2026-03-04T08:00:00Z", true)]
    [InlineData("0 8 1 * 3", "2026-03-03T08:00:00Z", false)]
    [InlineData("0,30 0 29 2 *", "2028-02-29T00:30:00Z", true)]
    [InlineData("0 8 * * *", "2026-03-02T10:00:00+02:00", true)]
    public void Names_minutes_in_utc(string text, string at, bool names)
    {
        Assert.True(Cron.TryParse(text, out var cron));
        Assert.Equal(names, cron.WasDue(DateTimeOffset.Parse(at, System.Globalization.CultureInfo.InvariantCulture), minutes: 1));
    }

    [Theory]
    [InlineData("2026-03-02T17:59:00Z", true)]
    [InlineData("2026-03-02T18:00:00Z", false)]
    [InlineData("2026-03-02T07:59:59Z", false)]
    public void Lasts_for_some_minutes(string at, bool lasts)
    {
        Assert.True(Cron.TryParse("0 8 * * *", out var cron));
        Assert.Equal(lasts, cron.WasDue(DateTimeOffset.Parse(at, System.Globalization.CultureInfo.InvariantCulture), minutes: 600));
    }

    [Theory]
    [InlineData("")]
    [InlineData("* * * *")]
    [InlineData("* * * * * *")]
    [InlineData("60 * * * *")]
    [InlineData("* 24 * * *")]
    [InlineData("* * 0 * *")]
    [InlineData("* * * 13 *")]
    [InlineData("* * * * 7")]
    [InlineData("5-1 * * * *")]
    [InlineData("*/0 * * * *")]
    [InlineData("*/4294967296 * * * *")]
    [InlineData("-1 * * * *")]
    [InlineData("1-2-3 * * * *")]
    [InlineData("1,,2 * * * *")]
    [InlineData("MON * * * *")]
    public void Refuses_what_is_none(string text) => Assert.False(Cron.TryParse(text, out _));
}
