using System.Text.Json;
using TokenLedger.Cli;
using TokenLedger.Cli.Verify;
using TokenLedger.Contracts.Http;
using TokenLedger.Ledger.Sealing;

namespace TokenLedger.Tests.Unit.Sealing;

/// <summary>Files that an auditor kept, in the forms in which the API gave them.</summary>
public sealed class TrustFilesTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();
    private readonly LedgerKey _key = LedgerKey.Create();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        File.Delete(_file);
        _key.Dispose();
    }

    [Fact]
    public async Task Takes_keys_as_lines_and_as_JSON()
    {
        using var key = _key.Verifier("ledger.example.org");
        Assert.Equal(key.ToString(), await KeyAsync($"\n  {key}\n"));
        var list = new LedgerKeyList([new(key.Name, "id", "algorithm", key.PublicKey, key.ToString())]);
        Assert.Equal(key.ToString(), await KeyAsync(JsonSerializer.Serialize(list, HttpJson.Default.LedgerKeyList)));
    }

    [Fact]
    public async Task Takes_a_checkpoint_as_a_note_and_as_JSON_with_its_key()
    {
        var checkpoint = new Checkpoint("ledger.example.org", 1, new byte[32], null);
        var note = _key.Sign(checkpoint).ToString();
        using var key = _key.Verifier(checkpoint.Origin);
        Assert.Equal((note, null), await ReadCheckpointAsync(note));
        var view = new CheckpointView(checkpoint.Origin, 1, new byte[32], null, Facts.Noon, note, new(key.Name, "id", "algorithm", key.PublicKey, key.ToString()));
        Assert.Equal((note, key.ToString()), await ReadCheckpointAsync(JsonSerializer.Serialize(view, HttpJson.Default.CheckpointView)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("nothing")]
    [InlineData("""{"keys":[]}""")]
    public async Task Refuses_a_file_without_keys(string text) =>
        Assert.Equal(CommandFailure.BadUsageCode, (await Assert.ThrowsAsync<CommandFailure>(() => KeyAsync(text))).ExitCode);

    private async Task<string> KeyAsync(string text)
    {
        await File.WriteAllTextAsync(_file, text, Ct);
        using var key = Assert.Single(await TrustFiles.ReadKeysAsync(new(_file), Ct));
        return key.ToString();
    }

    private async Task<(string, string?)> ReadCheckpointAsync(string text)
    {
        await File.WriteAllTextAsync(_file, text, Ct);
        var (note, key) = await TrustFiles.ReadCheckpointAsync(new(_file), Ct);
        using (key) return (note, key?.ToString());
    }
}
