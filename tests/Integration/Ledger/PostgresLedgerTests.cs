using Npgsql;
using TokenLedger.Ledger;

namespace TokenLedger.Tests;

/// <summary>Everything comes from the database.</summary>
public class PostgresLedgerTests(TestDatabase database) : LedgerContract, IClassFixture<TestDatabase>, IAsyncLifetime
{
    private NpgsqlDataSource _source = null!;

    protected virtual int RecentEvents => 0;

    public async ValueTask InitializeAsync() => _source = await database.OpenLedgerAsync(Ct);

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return _source.DisposeAsync();
    }

    protected override Task<ILedger> EmptyAsync() => Task.FromResult<ILedger>(new PostgresLedger(_source, RecentEvents));
}

/// <summary>Everything comes from the database.</summary>
public class PostgresLedgerReadingTests(TestDatabase database) : LedgerReadingContract, IClassFixture<TestDatabase>, IAsyncLifetime
{
    private NpgsqlDataSource _source = null!;

    protected virtual int RecentEvents => 0;

    public async ValueTask InitializeAsync() => _source = await database.OpenLedgerAsync(Ct);

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return _source.DisposeAsync();
    }

    protected override Task<ILedger> EmptyAsync() => Task.FromResult<ILedger>(new PostgresLedger(_source, RecentEvents));
}

/// <summary>What this process appended comes from memory.</summary>
public sealed class PostgresLedgerWithRecentEventsTests(TestDatabase database) : PostgresLedgerTests(database)
{
    protected override int RecentEvents => PostgresLedger.DefaultRecentEvents;
}

/// <summary>What this process appended comes from memory.</summary>
public sealed class PostgresLedgerWithRecentEventsReadingTests(TestDatabase database) : PostgresLedgerReadingTests(database)
{
    protected override int RecentEvents => PostgresLedger.DefaultRecentEvents;
}
