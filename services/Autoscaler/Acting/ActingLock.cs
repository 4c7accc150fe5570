using Npgsql;
using TokenLedger.Ledger;

namespace TokenLedger.Autoscaler.Acting;

/// <summary>Of several instances on one database one acts: the one whose connection holds a lock of the server. It ends with the connection, so another takes over as soon as this one is gone.</summary>
internal sealed class ActingLock(NpgsqlDataSource source) : IAsyncDisposable
{
    private static readonly string s_tryToAct = EmbeddedSql.Load(typeof(ActingLock).Assembly, "TokenLedger.Autoscaler.Acting.TryToAct.sql");
    private NpgsqlConnection? _connection;

    /// <summary>True while this instance is the one.</summary>
    public bool IsHeld { get; private set; }

    /// <summary>Asks the server, also when the lock is held: a connection may be gone without anybody having said so. Taking it again on the same connection changes nothing.</summary>
    public async Task<bool> TryAsync(CancellationToken ct)
    {
        try
        {
            _connection ??= await source.OpenConnectionAsync(ct);
            await using var command = new NpgsqlCommand(s_tryToAct, _connection);
            return IsHeld = (bool)(await command.ExecuteScalarAsync(ct))!;
        }
        catch
        {
            await DisposeAsync();
            throw;
        }
    }

    /// <summary>Lets another instance act.</summary>
    public async ValueTask DisposeAsync()
    {
        IsHeld = false;
        if (_connection is not { } connection) return;
        _connection = null;
        // A connection that goes back to the pool keeps its session, and the lock with it: it is closed instead.
        NpgsqlConnection.ClearPool(connection);
        await connection.DisposeAsync();
    }
}
