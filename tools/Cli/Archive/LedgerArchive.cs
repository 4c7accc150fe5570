using System.Buffers;
using System.Text;
using Npgsql;
using NpgsqlTypes;
using TokenLedger.Ledger;
using TokenLedger.Ledger.Sealing;

namespace TokenLedger.Cli.Archive;

/// <summary>Takes old books out of the database into a file, and puts them back. Every event is compared with its sealed hash on the way.</summary>
internal sealed class LedgerArchive(NpgsqlDataSource database)
{
    private readonly SealedTree _tree = new(database);

    /// <summary>Writes the events between the last archive and a position. The database stays as it is.</summary>
    public async Task<ArchiveRange> ExportAsync(Stream file, long before, CancellationToken ct)
    {
        var range = new ArchiveRange(await NextAsync(ct), before - 1);
        if (range.Last < range.First) throw CommandFailure.BadUsage($"Everything before position {range.First} is archived already.");
        var leaves = new SealedLeaves(_tree);
        await using var connection = await database.OpenConnectionAsync(ct);
        for (var position = range.First; position <= range.Last;)
        {
            if (!leaves.Has(position)) await leaves.LoadAsync(position, ct);
            await using var rows = await EventRowReader.OpenAsync(connection, position - 1, Math.Min(range.Last, leaves.Last), ct);
            position = await CopyAsync(rows, leaves, position, file, ct);
        }
        await file.FlushAsync(ct);
        return range;
    }

    /// <summary>Takes the file's events out of the hot tables, once the file is found to hold what was sealed. Answers how many left.</summary>
    public async Task<(ArchiveRange Range, long Events)> DropAsync(Stream file, CancellationToken ct)
    {
        await using var archive = new ArchiveFile(file, new(_tree));
        var range = await archive.ReadAsync(static (in EventFields _) => { }, ct);
        await using var command = database.CreateCommand(ArchiveSql.Drop);
        command.CommandTimeout = 0;
        command.Parameters.AddRange(Numbers(range));
        return (range, (long)(await command.ExecuteScalarAsync(ct))!);
    }

    /// <summary>Puts the file's events back where they were.</summary>
    public async Task<ArchiveRange> AttachAsync(Stream file, CancellationToken ct)
    {
        await using var archive = new ArchiveFile(file, new(_tree));
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await ExecuteAsync(connection, ArchiveSql.Stage, [], ct);
        ArchiveRange range;
        await using (var copy = await connection.BeginBinaryImportAsync(ArchiveSql.CopyStage, ct))
        {
            range = await archive.ReadAsync((in EventFields e) => Write(copy, e), ct);
            await copy.CompleteAsync(ct);
        }
        if (await ExecuteAsync(connection, ArchiveSql.MarkAttached, Numbers(range), ct) == 0)
            throw CommandFailure.Failed($"Positions {range.First} to {range.Last} are no archive of this ledger that is out.");
        await ExecuteAsync(connection, ArchiveSql.Attach, [], ct);
        await ExecuteAsync(connection, ArchiveSql.ForgetFacts, Numbers(range), ct);
        await transaction.CommitAsync(ct);
        return range;
    }

    /// <summary>Refuses a reader who would begin before the end of what was taken out.</summary>
    public static async Task RequireReadableAsync(NpgsqlDataSource database, long after, CancellationToken ct)
    {
        await using var command = database.CreateCommand(ArchiveSql.Through);
        if (await command.ExecuteScalarAsync(ct) is long through && after < through)
            throw CommandFailure.Failed($"Events up to position {through} are in archives: attach them, or begin after that position.");
    }

    private async Task<long> NextAsync(CancellationToken ct)
    {
        await using var command = database.CreateCommand(ArchiveSql.Next);
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }

    /// <returns>The position after the last one that was written.</returns>
    private static async Task<long> CopyAsync(EventRowReader rows, SealedLeaves leaves, long position, Stream file, CancellationToken ct)
    {
        var first = position;
        var lines = new ArrayBufferWriter<byte>();
        do
        {
            Write(rows, leaves, lines, ref position);
            await file.WriteAsync(lines.WrittenMemory, ct);
            lines.ResetWrittenCount();
        } while (await rows.FillAsync(ct));
        return position > first ? position : throw CommandFailure.Failed($"There is no event at position {position}.");
    }

    private static void Write(EventRowReader rows, SealedLeaves leaves, ArrayBufferWriter<byte> lines, ref long position)
    {
        while (rows.TryRead(out var e))
        {
            lines.Write(leaves.Require(e, position++));
            lines.Write("\n"u8);
        }
    }

    private static void Write(NpgsqlBinaryImporter copy, in EventFields e)
    {
        copy.StartRow();
        copy.Write(e.Position, NpgsqlDbType.Bigint);
        copy.Write(e.Id, NpgsqlDbType.Uuid);
        copy.Write(Encoding.UTF8.GetString(e.Stream), NpgsqlDbType.Varchar);
        copy.Write(e.Version, NpgsqlDbType.Bigint);
        copy.Write(e.Data.ToArray(), NpgsqlDbType.Jsonb);
        copy.Write(Encoding.UTF8.GetString(e.Type), NpgsqlDbType.Varchar);
        copy.Write(DateTimeOffset.UnixEpoch.AddMicroseconds(e.UnixMicroseconds), NpgsqlDbType.TimestampTz);
        Write(copy, e.HasCorrelationId, e.CorrelationId);
        Write(copy, e.HasCausationId, e.CausationId);
    }

    private static void Write(NpgsqlBinaryImporter copy, bool isThere, ReadOnlySpan<byte> text)
    {
        if (isThere) copy.Write(Encoding.UTF8.GetString(text), NpgsqlDbType.Varchar);
        else copy.WriteNull();
    }

    private static async Task<int> ExecuteAsync(NpgsqlConnection connection, string sql, NpgsqlParameter[] parameters, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        command.Parameters.AddRange(parameters);
        return await command.ExecuteNonQueryAsync(ct);
    }

    private static NpgsqlParameter[] Numbers(ArchiveRange range) => [new() { Value = range.First }, new() { Value = range.Last }];
}

/// <summary>The statements in Archive/Sql.</summary>
internal static class ArchiveSql
{
    public static readonly string Attach = Load(nameof(Attach));
    public static readonly string CopyStage = Load(nameof(CopyStage));
    public static readonly string Drop = Load(nameof(Drop));
    public static readonly string ForgetFacts = Load(nameof(ForgetFacts));
    public static readonly string MarkAttached = Load(nameof(MarkAttached));
    public static readonly string Next = Load(nameof(Next));
    public static readonly string Stage = Load(nameof(Stage));
    public static readonly string Through = Load(nameof(Through));

    private static string Load(string name) => EmbeddedSql.Load(typeof(ArchiveSql).Assembly, $"TokenLedger.Cli.Archive.Sql.{name}.sql");
}
