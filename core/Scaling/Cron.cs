using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace TokenLedger.Core.Scaling;

/// <summary>A cron expression of five fields, in UTC: minute, hour, day of the month, month, day of the week (0 is Sunday). Each is <c>*</c>, numbers, ranges and steps. Both days given, either is enough.</summary>
public sealed class Cron
{
    private static readonly (int Least, int Most)[] s_ranges = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 6)];
    private readonly ulong[] _fields;
    private readonly bool _eitherDay;

    private Cron(ulong[] fields, bool eitherDay) => (_fields, _eitherDay) = (fields, eitherDay);

    public static bool TryParse(string? text, [NotNullWhen(true)] out Cron? cron)
    {
        cron = null;
        if (text?.Split(' ', StringSplitOptions.RemoveEmptyEntries) is not { Length: 5 } parts) return false;
        var fields = new ulong[5];
        for (var i = 0; i < 5; i++)
            if ((fields[i] = Field(parts[i], s_ranges[i].Least, s_ranges[i].Most)) == 0) return false;
        cron = new(fields, parts[2] != "*" && parts[4] != "*");
        return true;
    }

    /// <summary>True when it named a minute of the last so many, the present one included.</summary>
    public bool WasDue(DateTimeOffset now, int minutes)
    {
        var minute = new DateTimeOffset(now.UtcTicks - now.UtcTicks % TimeSpan.TicksPerMinute, TimeSpan.Zero);
        for (var ago = 0; ago < minutes; ago++)
            if (Names(minute.AddMinutes(-ago))) return true;
        return false;
    }

    private bool Names(DateTimeOffset at)
    {
        var (day, weekday) = (Has(2, at.Day), Has(4, (int)at.DayOfWeek));
        return Has(0, at.Minute) && Has(1, at.Hour) && Has(3, at.Month) && (_eitherDay ? day || weekday : day && weekday);
    }

    private bool Has(int field, int value) => (_fields[field] >> value & 1) != 0;

    /// <returns>A bit for each number; 0 for what is not a field.</returns>
    private static ulong Field(string text, int least, int most)
    {
        var bits = 0UL;
        foreach (var part in text.Split(','))
        {
            var (span, step) = part.Split('/') switch { [var all] => (all, 1), [var some, var by] => (some, Number(by) ?? 0), _ => ("", 0) };
            var (from, to) = span == "*" ? (least, most) : span.Split('-') switch
            {
                [var only] => (Number(only) ?? -1, step > 1 ? most : Number(only) ?? -1),
                [var first, var last] => (Number(first) ?? -1, Number(last) ?? -1),
                _ => (-1, -1),
            };
            if (step is < 1 or > 59 || from < least || to > most || from > to) return 0;
            for (var value = from; value <= to; value += step) bits |= 1UL << value;
        }
        return bits;
    }

    private static int? Number(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
