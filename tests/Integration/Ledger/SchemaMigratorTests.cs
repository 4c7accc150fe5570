using Npgsql;
using TokenLedger.Ledger;

namespace TokenLedger.Tests;

public sealed class SchemaMigratorTests(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncDisposable
{
    private readonly NpgsqlDataSource _source = database.OpenSchema();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _source.DisposeAsync();

    [Fact]
    public async Task Applies_each_script_once_and_keeps_account()
    {
        await UpgradeAsync("Good");
        await UpgradeAsync("Good");
        Assert.Equal(["1 001-first.sql", "2 002-second.sql"], await ColumnAsync("select version || ' ' || name from tl_schema_versions where module = 'test' order by version"));
        Assert.Equal(["42"], await ColumnAsync("select twice(21)::text"));
    }

    [Fact]
    public async Task Makes_the_schema_that_the_search_path_names()
    {
        Assert.Equal(["none"], await ColumnAsync("select coalesce(current_schema()::text, 'none')"));
        await UpgradeAsync("Good");
        Assert.Equal(["true"], await ColumnAsync("select (current_schema() = current_setting('search_path'))::text from pg_tables where schemaname = current_schema() and tablename = 'migrated'"));
    }

    [Fact]
    public async Task Lets_several_processes_start_at_once()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => UpgradeAsync("Good"), Ct)));
        Assert.Equal(["2"], await ColumnAsync("select count(*)::text from tl_schema_versions"));
    }

    [Fact]
    public async Task Refuses_a_script_that_changed_after_it_was_applied()
    {
        await UpgradeAsync("Good");
        var changed = await Assert.ThrowsAsync<SchemaChangedException>(() => UpgradeAsync("Edited"));
        Assert.Contains("001-first.sql", changed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Leaves_nothing_of_a_script_that_fails()
    {
        await Assert.ThrowsAsync<PostgresException>(() => UpgradeAsync("Broken"));
        Assert.Empty(await ColumnAsync("select table_name::text from information_schema.tables where table_schema = current_setting('search_path') and table_name in ('left_over', 'tl_schema_versions')"));
    }

    [Theory]
    [InlineData("Gap")]
    [InlineData("Nothing")]
    public async Task Refuses_scripts_that_are_not_numbered_from_1_without_a_gap(string folder) =>
        await Assert.ThrowsAsync<InvalidOperationException>(() => UpgradeAsync(folder));

    [Theory]
    [InlineData("")]
    [InlineData("Upper")]
    [InlineData("a, b")]
    [InlineData("1st")]
    public void Refuses_a_schema_that_is_no_plain_name(string schema) =>
        Assert.Throws<ArgumentException>(() => LedgerDatabase.Open("Host=localhost", schema));

    private Task UpgradeAsync(string folder) =>
        SchemaMigrator.UpgradeAsync(_source, "test", typeof(SchemaMigratorTests).Assembly, $"TokenLedger.Tests.Scripts.{folder}.", Ct);

    private async Task<List<string>> ColumnAsync(string sql)
    {
        await using var command = _source.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync(Ct);
        List<string> values = [];
        while (await reader.ReadAsync(Ct)) values.Add(reader.GetString(0));
        return values;
    }
}
