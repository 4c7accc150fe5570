using System.Globalization;

namespace TokenLedger.Cli.Api;

/// <summary>Writes a path with its query; parameters without a value are left out.</summary>
internal static class Query
{
    public static string Of(string path, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        var query = new List<string>();
        foreach (var (name, value) in parameters)
            if (value is not null) query.Add(name + "=" + Uri.EscapeDataString(Text(value)));
        return query.Count == 0 ? path : path + "?" + string.Join('&', query);
    }

    private static string Text(object value) => value switch
    {
        DateTimeOffset time => time.UtcDateTime.ToString("O", CultureInfo.InvariantCulture),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };
}
