using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace TokenLedger.Tests.Sealing;

/// <summary>How a stranger makes the leaf hash of an event from what the API shows, after docs/ledger-format.md. It must not use anything of the product.</summary>
internal static class StrangerSeal
{
    public static byte[] Leaf(JsonElement e)
    {
        var members = e.EnumerateObject().Where(member => member.Value.ValueKind != JsonValueKind.Null).ToDictionary(member => member.Name, member => Canonical(member.Value));
        var time = e.GetProperty("timestamp").GetDateTimeOffset().UtcDateTime;
        members["timestamp"] = Quoted(time.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture));
        return SHA256.HashData([0, .. Encoding.UTF8.GetBytes(Object(members))]);
    }

    private static string Canonical(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => Object(value.EnumerateObject().ToDictionary(member => member.Name, member => Canonical(member.Value))),
        JsonValueKind.Array => "[" + string.Join(',', value.EnumerateArray().Select(Canonical)) + "]",
        JsonValueKind.String => Quoted(value.GetString()!),
        JsonValueKind.Number => decimal.Parse(value.GetRawText(), NumberStyles.Float, CultureInfo.InvariantCulture).ToString("0.############################", CultureInfo.InvariantCulture),
        _ => value.GetRawText(),
    };

    private static string Object(Dictionary<string, string> members) =>
        "{" + string.Join(',', members.OrderBy(member => Convert.ToHexString(Encoding.UTF8.GetBytes(member.Key)), StringComparer.Ordinal).Select(member => Quoted(member.Key) + ":" + member.Value)) + "}";

    private static string Quoted(string text) => "\"" + string.Concat(text.Select(c => c switch
    {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\b' => "\\b",
        '\t' => "\\t",
        '\n' => "\\n",
        '\f' => "\\f",
        '\r' => "\\r",
        < ' ' => $"\\u{(int)c:x4}",
        _ => c.ToString(),
    })) + "\"";
}
