using System.CommandLine;
using TokenLedger.Cli.Verify;
using TokenLedger.Ledger;
using TokenLedger.Ledger.Sealing;

namespace TokenLedger.Cli.Commands;

/// <summary><c>verify</c>: recomputes every hash of the ledger and compares it with what was sealed and signed.</summary>
internal static class VerifyCommand
{
    private static readonly Option<string?> s_postgres = new("--postgres") { Description = "Read the database itself, with this connection string: the fast way.", HelpName = "connection" };
    private static readonly Option<string> s_schema = new("--schema") { Description = "Schema of the ledger, with --postgres.", HelpName = "name", DefaultValueFactory = _ => LedgerDatabase.DefaultSchema };
    private static readonly Option<FileInfo> s_export = ExistingFile("--export", "Read a file of events, as GET /v1/ledger/events gives them with Accept: application/x-ndjson. Needs --checkpoint.");
    private static readonly Option<FileInfo> s_checkpoint = ExistingFile("--checkpoint", "A checkpoint kept from earlier, as GET /v1/ledger/checkpoint gave it: the ledger must still begin with what it covers.");
    private static readonly Option<FileInfo> s_key = ExistingFile("--ledger-key", "The public keys to trust, as GET /v1/ledger/key gave them. Without it the ledger names its keys itself.");
    private static readonly Option<int> s_atOnce = Arguments.Number("--at-once", "Blocks of events read at once. Several for each processor, as one of them that waits for the database costs more than one whose rows have come meanwhile.", Math.Clamp(Environment.ProcessorCount * 4, 4, 16), 1, 64);

    public static Command Create(Globals globals)
    {
        var command = new Command("verify", "Check every event against the hashes, tiles and signed checkpoints of the ledger. Needs an auditor's key, --postgres or --export. Exit code 1 and the first position that fails when one does.")
        {
            s_postgres, s_schema, s_export, s_checkpoint, s_key, s_atOnce,
        };
        command.SetAction(async (parsed, ct) =>
        {
            var (notes, keys, fromNote) = await ReadTrustAsync(parsed, ct);
            await using var copy = Open(globals, parsed, fromNote);
            var report = await VerifyProgress.ShowAsync(progress => new VerifyRun(copy, notes, keys, parsed.GetValue(s_atOnce), progress).RunAsync(ct));
            if (parsed.GetValue(globals.Json)) Console.Out.WriteLine(report.ToJson());
            else VerifyTables.Write(Terminal.Results, report);
            if (report.Finding is { } finding) await Console.Error.WriteLineAsync(finding.Text);
            return report.Ok ? 0 : CommandFailure.FailedCode;
        });
        return command;
    }

    private static async Task<(IReadOnlyList<string> Notes, IReadOnlyList<VerifierKey> Keys, VerifierKey? FromNote)> ReadTrustAsync(ParseResult parsed, CancellationToken ct)
    {
        IReadOnlyList<VerifierKey> keys = parsed.GetValue(s_key) is { } keyFile ? await TrustFiles.ReadKeysAsync(keyFile, ct) : [];
        if (parsed.GetValue(s_checkpoint) is not { } file) return ([], keys, null);
        var (note, key) = await TrustFiles.ReadCheckpointAsync(file, ct);
        return ([note], keys, key);
    }

    private static ILedgerCopy Open(Globals globals, ParseResult parsed, VerifierKey? fromNote)
    {
        var (postgres, export) = (parsed.GetValue(s_postgres), parsed.GetValue(s_export));
        if (postgres is not null && export is not null) throw CommandFailure.BadUsage("Say --postgres or --export, not both.");
        if (postgres is not null) return PostgresCopy.Open(postgres, parsed.GetValue(s_schema)!);
        if (export is null) return new HttpCopy(globals.Connect(parsed));
        if (parsed.GetValue(s_checkpoint) is null) throw CommandFailure.BadUsage("A file alone proves nothing: add the --checkpoint that it is to be compared with.");
        return new ExportCopy(export.OpenRead(), fromNote is null ? [] : [fromNote]);
    }

    private static Option<FileInfo> ExistingFile(string name, string description) => new Option<FileInfo>(name) { Description = description, HelpName = "file" }.AcceptExistingOnly();
}
