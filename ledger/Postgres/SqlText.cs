namespace TokenLedger.Ledger;

/// <summary>The statements in <c>Postgres/Sql</c>, read from the assembly once.</summary>
internal static class SqlText
{
    public static readonly string AppendEvents = Load(nameof(AppendEvents));
    public static readonly string AppliedScript = Load(nameof(AppliedScript));
    public static readonly string CheckpointKeys = Load(nameof(CheckpointKeys));
    public static readonly string CheckpointNoteOf = Load(nameof(CheckpointNoteOf));
    public static readonly string CheckpointNotes = Load(nameof(CheckpointNotes));
    public static readonly string EnsureCheckpoint = Load(nameof(EnsureCheckpoint));
    public static readonly string FindEvents = Load(nameof(FindEvents));
    public static readonly string Head = Load(nameof(Head));
    public static readonly string LastVersion = Load(nameof(LastVersion));
    public static readonly string LastCheckpointNote = Load(nameof(LastCheckpointNote));
    public static readonly string LoadCheckpoint = Load(nameof(LoadCheckpoint));
    public static readonly string LoadTileRange = Load(nameof(LoadTileRange));
    public static readonly string LoadTiles = Load(nameof(LoadTiles));
    public static readonly string LockCheckpoint = Load(nameof(LockCheckpoint));
    public static readonly string LockSchema = Load(nameof(LockSchema));
    public static readonly string LockSeal = Load(nameof(LockSeal));
    public static readonly string MoveSeal = Load(nameof(MoveSeal));
    public static readonly string ReadableHead = Load(nameof(ReadableHead));
    public static readonly string ReadAll = Load(nameof(ReadAll));
    public static readonly string ReadStream = Load(nameof(ReadStream));
    public static readonly string RecordScript = Load(nameof(RecordScript));
    public static readonly string SaveCheckpoint = Load(nameof(SaveCheckpoint));
    public static readonly string SaveCheckpointNote = Load(nameof(SaveCheckpointNote));
    public static readonly string SaveTiles = Load(nameof(SaveTiles));
    public static readonly string SealedEvents = Load(nameof(SealedEvents));
    public static readonly string SealHead = Load(nameof(SealHead));
    public static readonly string StreamVersion = Load(nameof(StreamVersion));

    private static string Load(string name) => EmbeddedSql.Load(typeof(SqlText).Assembly, $"TokenLedger.Ledger.Postgres.Sql.{name}.sql");
}
