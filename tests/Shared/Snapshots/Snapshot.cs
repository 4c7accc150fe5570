using System.Runtime.CompilerServices;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace TokenLedger.Tests;

/// <summary>
/// Compares what a test got with a file that was looked at and committed. Names are Verify's: <c>Class.Method[_parameters].verified.json</c> beside the test.
/// A difference fails, a missing file too, and what was got is left as <c>.received.</c>; TOKENLEDGER_ACCEPT=1 makes that the verified file.
/// </summary>
internal static class Snapshot
{
    private static readonly JsonSerializerOptions s_readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Compares JSON, which is indented for its readers.</summary>
    public static void Json(ReadOnlySpan<byte> json, string? parameters = null, [CallerFilePath] string source = "", [CallerMemberName] string method = "") =>
        Text(VerifiedFile(source, method, parameters), Readable(json));

    public static string Readable(ReadOnlySpan<byte> json) => JsonSerializer.Serialize(JsonSerializer.Deserialize<JsonElement>(json), s_readable);

    /// <summary>Compares text with a file; one that is not named <c>.verified.</c> is compared just the same.</summary>
    public static void Text(string verifiedFile, string received)
    {
        var text = received.ReplaceLineEndings("\n").TrimEnd('\n') + "\n";
        var receivedFile = ReceivedFile(verifiedFile);
        if (Environment.GetEnvironmentVariable("TOKENLEDGER_ACCEPT") == "1") File.WriteAllText(verifiedFile, text);
        if (File.Exists(verifiedFile) && File.ReadAllText(verifiedFile) == text)
        {
            File.Delete(receivedFile);
            return;
        }
        File.WriteAllText(receivedFile, text);
        Assert.Fail($"Differs from {verifiedFile}{(File.Exists(verifiedFile) ? "" : ", which does not exist")}: see {receivedFile}. If it is meant, run the test with TOKENLEDGER_ACCEPT=1.");
    }

    private static string VerifiedFile(string source, string method, string? parameters) =>
        $"{Path.ChangeExtension(source, null)}.{method}{(parameters is null ? "" : "_" + parameters)}.verified.json";

    private static string ReceivedFile(string verifiedFile) => verifiedFile.Contains(".verified.", StringComparison.Ordinal)
        ? verifiedFile.Replace(".verified.", ".received.", StringComparison.Ordinal)
        : Path.ChangeExtension(verifiedFile, ".received" + Path.GetExtension(verifiedFile));
}
