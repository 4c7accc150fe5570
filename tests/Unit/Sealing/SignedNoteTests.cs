using System.Security.Cryptography;
using System.Text;
using TokenLedger.Ledger.Sealing;

namespace TokenLedger.Tests.Unit.Sealing;

public sealed class SignedNoteTests : IDisposable
{
    private static readonly Checkpoint s_checkpoint = new("example.org/ledger", 42, SHA256.HashData([1]), SHA256.HashData([2]));
    private readonly LedgerKey _key = LedgerKey.Create();

    public void Dispose() => _key.Dispose();

    [Fact]
    public void Has_the_lines_of_a_checkpoint()
    {
        var lines = _key.Sign(s_checkpoint).ToString().Split('\n');
        Assert.Equal(["example.org/ledger", "42", Convert.ToBase64String(SHA256.HashData([1])), "chain " + Convert.ToBase64String(SHA256.HashData([2])), ""], lines[..5]);
        Assert.StartsWith("— example.org/ledger ", lines[5], StringComparison.Ordinal);
        Assert.Equal(["", 7.ToString(System.Globalization.CultureInfo.InvariantCulture)], [lines[6], lines.Length.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
    }

    /// <summary>From the text of the key and the note alone, as a stranger would.</summary>
    [Fact]
    public void Is_signed_so_that_a_stranger_can_check_it()
    {
        var note = _key.Sign(s_checkpoint).ToString();
        using var verifier = _key.Verifier("example.org/ledger");
        var spki = Convert.FromBase64String(verifier.ToString().Split('+', 3)[2])[1..];
        var signature = Convert.FromBase64String(note.TrimEnd('\n').Split(' ')[^1]);
        Assert.Equal(SHA256.HashData(spki)[..4], signature[..4]);
        Assert.Equal(verifier.ToString().Split('+')[1], Convert.ToHexStringLower(signature[..4]));
        using var ecdsa = ECDsa.Create();
        ecdsa.ImportSubjectPublicKeyInfo(spki, out _);
        var text = Encoding.UTF8.GetBytes(note[..(note.IndexOf("\n\n", StringComparison.Ordinal) + 1)]);
        Assert.True(ecdsa.VerifyData(text, signature[4..], HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence));
    }

    /// <summary>The one of docs/ledger-format.md.</summary>
    [Fact]
    public void Checks_a_checkpoint_that_was_signed_long_ago()
    {
        const string note = """
            ledger.example.org
            2
            mRMq/CuRzpIzOqKU5eBIvnD5A9SeAOt7lZTUilgv+Wk=
            chain 8Qq38cvZ+frtiwjsN4RHge06k4LKUh9RMvl6eZxjAlg=

            — ledger.example.org vXOLZjBEAiBl4UYbdf69nqLRMjSFMyxhvX9t68420jJF/n/rGImfJgIgJ7nJGXmOQb11rsIxa2QWQqiZ2wQd03YUe3roTlANRLw=

            """;
        const string key = "ledger.example.org+bd738b66+AjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNHwjYOy+90mkyOLK0+0wSdES3clczUrzTpun4ux5vtHfpFwaKmlKO1hFNeuDUrH0yuq/Pfbjej04xz4PPRO0Tc=";
        Assert.True(SignedNote.TryParse(note.ReplaceLineEndings("\n"), out var signed));
        Assert.True(VerifierKey.TryParse(key, out var verifier));
        using (verifier) Assert.True(verifier.HasSigned(signed));
    }

    [Theory]
    [InlineData("ledger.example.org+bd738b66")]
    [InlineData("ledger.example.org+bd738b67+AjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNHwjYOy+90mkyOLK0+0wSdES3clczUrzTpun4ux5vtHfpFwaKmlKO1hFNeuDUrH0yuq/Pfbjej04xz4PPRO0Tc=")]
    [InlineData("ledger.example.org+bd738b66+AzBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNHwjYOy+90mkyOLK0+0wSdES3clczUrzTpun4ux5vtHfpFwaKmlKO1hFNeuDUrH0yuq/Pfbjej04xz4PPRO0Tc=")]
    [InlineData("ledger.example.org+bd738b66+AjBZMBMG")]
    [InlineData("ledger example+bd738b66+AjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNHwjYOy+90mkyOLK0+0wSdES3clczUrzTpun4ux5vtHfpFwaKmlKO1hFNeuDUrH0yuq/Pfbjej04xz4PPRO0Tc=")]
    public void Does_not_take_for_a_key_what_is_none(string text) => Assert.False(VerifierKey.TryParse(text, out _));

    [Fact]
    public void Comes_back_as_it_was_written()
    {
        var note = _key.Sign(s_checkpoint);
        Assert.True(SignedNote.TryParse(note.ToString(), out var read));
        Assert.Equal(note.ToString(), read.ToString());
        Assert.True(Checkpoint.TryParse(read.Text, out var checkpoint));
        Assert.Equal(s_checkpoint.ToText(), checkpoint.ToText());
        using var verifier = _key.Verifier(s_checkpoint.Origin);
        Assert.True(VerifierKey.TryParse(verifier.ToString(), out var again));
        using (again) Assert.True(again.HasSigned(read));
    }

    [Fact]
    public void Is_not_signed_by_another_key_or_name_or_over_another_text()
    {
        var note = _key.Sign(s_checkpoint);
        using var other = LedgerKey.Create();
        using var stranger = other.Verifier(s_checkpoint.Origin);
        using var namesake = _key.Verifier("example.org/other");
        using var verifier = _key.Verifier(s_checkpoint.Origin);
        Assert.False(stranger.HasSigned(note));
        Assert.False(namesake.HasSigned(note));
        Assert.False(verifier.HasSigned(note with { Text = (s_checkpoint with { Size = 43 }).ToText() }));
        Assert.True(verifier.HasSigned(note with { Signatures = [.. note.Signatures, .. other.Sign(s_checkpoint).Signatures] }));
        Assert.False(verifier.HasSigned(note with { Signatures = [.. note.Signatures, note.Signatures[0] with { Signature = new byte[70] }] }));
    }

    [Theory]
    [InlineData("")]
    [InlineData("text\n")]
    [InlineData("text\n\n")]
    [InlineData("text\n\n— name AAAAAAA=")]
    [InlineData("text\n\n- name AAAAAAA=\n")]
    [InlineData("text\n\n— na+me AAAAAAA=\n")]
    [InlineData("text\n\n— name AAAA\n")]
    [InlineData("text\n\n— name !\n")]
    [InlineData("te\rxt\n\n— name AAAAAAA=\n")]
    public void Does_not_take_for_a_note_what_is_none(string text) => Assert.False(SignedNote.TryParse(text, out _));

    [Theory]
    [InlineData("o\n1\n")]
    [InlineData("\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n")]
    [InlineData("o\n01\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n")]
    [InlineData("o\n-1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n")]
    [InlineData("o\n1\nAAAA\n")]
    [InlineData("o\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n")]
    [InlineData("o\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nchain x\n")]
    public void Does_not_take_for_a_checkpoint_what_is_none(string text) => Assert.False(Checkpoint.TryParse(text, out _));

    [Fact]
    public void Keeps_its_key_as_PEM_and_takes_no_other()
    {
        using var again = LedgerKey.FromPem(_key.ToPem());
        using var verifier = _key.Verifier(s_checkpoint.Origin);
        Assert.True(verifier.HasSigned(again.Sign(s_checkpoint)));
        Assert.StartsWith("-----BEGIN PRIVATE KEY-----\n", _key.ToPem(), StringComparison.Ordinal);
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        Assert.Throws<CryptographicException>(() => LedgerKey.FromPem(other.ExportPkcs8PrivateKeyPem()));
        Assert.Throws<CryptographicException>(() => LedgerKey.FromPem(other.ExportSubjectPublicKeyInfoPem()));
        Assert.Throws<CryptographicException>(() => LedgerKey.FromPem("nothing"));
    }
}
