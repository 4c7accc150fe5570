using System.Text;
using TokenLedger.Cli.Api;
using TokenLedger.Ledger.Sealing;

namespace TokenLedger.Cli.Verify;

/// <summary>What a reader brings along: checkpoints and keys, in the forms in which the API gives them.</summary>
internal static class TrustFiles
{
    private const int LongestFile = 1 << 20;

    /// <summary>A signed note, or the JSON of <c>GET /v1/ledger/checkpoint</c> with the key that it names.</summary>
    public static async Task<(string Note, VerifierKey? Key)> ReadCheckpointAsync(FileInfo file, CancellationToken ct)
    {
        var text = await ReadAsync(file, ct);
        if (!text.StartsWith('{')) return (text, null);
        var view = ApiClient.Read(Encoding.UTF8.GetBytes(text), ApiJson.Shapes.CheckpointView);
        return (view.Note, view.Key is { } key && VerifierKey.TryParse(key.VerifierKey, out var verifier) ? verifier : null);
    }

    /// <summary>Verifier keys, one a line, or the JSON of <c>GET /v1/ledger/key</c>.</summary>
    public static async Task<IReadOnlyList<VerifierKey>> ReadKeysAsync(FileInfo file, CancellationToken ct)
    {
        var text = await ReadAsync(file, ct);
        var lines = text.StartsWith('{')
            ? ApiClient.Read(Encoding.UTF8.GetBytes(text), ApiJson.Shapes.LedgerKeyList).Keys.Select(key => key.VerifierKey)
            : text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        List<VerifierKey> keys = [];
        foreach (var line in lines)
            keys.Add(VerifierKey.TryParse(line, out var key) ? key : throw CommandFailure.BadUsage($"{file.Name} holds what is no verifier key: {line}"));
        return keys.Count > 0 ? keys : throw CommandFailure.BadUsage($"{file.Name} holds no verifier key.");
    }

    private static async Task<string> ReadAsync(FileInfo file, CancellationToken ct) => file.Length <= LongestFile
        ? await File.ReadAllTextAsync(file.FullName, ct)
        : throw CommandFailure.BadUsage($"{file.Name} is larger than {LongestFile} bytes.");
}
