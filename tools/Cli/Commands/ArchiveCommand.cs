using System.CommandLine;
using Npgsql;
using TokenLedger.Cli.Archive;
using TokenLedger.Ledger;

namespace TokenLedger.Cli.Commands;

/// <summary><c>archive</c>: takes old books out of the database into files, and puts them back.</summary>
internal static class ArchiveCommand
{
    private static readonly Option<string> s_postgres = new("--postgres") { Description = "The ledger's database, as a user who owns its tables.", HelpName = "connection", Required = true };
    private static readonly Option<FileInfo> s_file = new("--file") { Description = "The archive.", HelpName = "file", Required = true };

    public static Command Create()
    {
        var before = new Option<long>("--before") { Description = "The first position that stays.", HelpName = "position", Required = true };
        return new Command("archive", "Take old books out of the database into files: export, drop what was exported, attach it again for an audit.")
        {
            Step("export", "Write the events between the last archive and a position into a new file. The database stays as it is.", async (archive, parsed, ct) =>
            {
                var name = parsed.GetValue(s_file)!.FullName;
                if (File.Exists(name)) throw CommandFailure.BadUsage($"{name} exists.");
                // Under its own name it is there whole or not at all.
                ArchiveRange range;
                await using (var file = new FileStream(name + ".new", FileMode.Create, FileAccess.Write)) range = await archive.ExportAsync(file, parsed.GetValue(before), ct);
                File.Move(name + ".new", name, overwrite: false);
                return $"Positions {range.First} to {range.Last} are in {name}.";
            }, before),
            Step("drop", "Take what a file holds out of the database, once the file is found to be what was sealed. Keep the file: nothing else has these events.", async (archive, parsed, ct) =>
            {
                await using var file = Open(parsed);
                var (range, events) = await archive.DropAsync(file, ct);
                return $"{events} events of positions {range.First} to {range.Last} have left the database.";
            }),
            Step("attach", "Put the events of a file back into the database.", async (archive, parsed, ct) =>
            {
                await using var file = Open(parsed);
                var range = await archive.AttachAsync(file, ct);
                return $"Positions {range.First} to {range.Last} are back.";
            }),
        };
    }

    private static Command Step(string name, string description, Func<LedgerArchive, ParseResult, CancellationToken, Task<string>> run, params Option[] more)
    {
        var command = new Command(name, description) { s_postgres, s_file };
        foreach (var option in more) command.Add(option);
        command.SetAction(async (parsed, ct) =>
        {
            try
            {
                await using var database = LedgerDatabase.Open(parsed.GetValue(s_postgres)!);
                await Console.Out.WriteLineAsync(await run(new(database), parsed, ct));
                return 0;
            }
            catch (Exception error) when (error is NpgsqlException or IOException or UnauthorizedAccessException)
            {
                throw CommandFailure.Failed($"Nothing was changed: {(error as PostgresException)?.MessageText ?? error.Message}");
            }
        });
        return command;
    }

    private static FileStream Open(ParseResult parsed) => parsed.GetValue(s_file)!.OpenRead();
}
