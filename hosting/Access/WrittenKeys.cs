using System.Text.RegularExpressions;

namespace TokenLedger.Hosting.Access;

/// <summary>Finds API keys in text such as addresses: our own by their prefix, any other by the name it stands under.</summary>
public static partial class WrittenKeys
{
    /// <summary>What whoever sent one in an address is told.</summary>
    public const string Advice = "Keys are taken from headers only. This one has been in an address: revoke it.";

    /// <summary>Whether a text holds a key, as it stands or percent-encoded.</summary>
    public static bool In(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Key().IsMatch(text) || (text.Contains('%', StringComparison.Ordinal) && Key().IsMatch(Uri.UnescapeDataString(text)));
    }

    /// <summary>The text with its keys blackened; one whose keys are percent-encoded is blackened whole.</summary>
    public static string Blacken(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var black = Key().Replace(text, "(key)");
        return In(black) ? "(a text that holds a key)" : black;
    }

    [GeneratedRegex("""tl[io]_[\w-]+|(?<=[?&](key|api[-_]?key|x-api-key|access_token|token|authorization)=)(?!\(key\))[^&\s"']+""", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Key();
}
