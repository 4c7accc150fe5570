using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using TokenLedger.Hosting.Postgres;
using TokenLedger.Tests.Integration.Http;

namespace TokenLedger.Tests.Integration.Backup;

/// <summary>Each way of backing up that docs/operations.md describes, taken with its commands, restored elsewhere, and worked with.</summary>
public sealed class BackupTests(PostgresServer postgres) : IDisposable
{
    private readonly TempHome _temp = new();
    private readonly BackupStory _story = new();

    public void Dispose() => _temp.Dispose();

    [Fact]
    public async Task Goes_on_from_a_dump_that_was_taken_while_it_ran()
    {
        var original = await postgres.CreateConnectionStringAsync("original");
        var restored = new NpgsqlConnectionStringBuilder(original) { Database = "restored" }.ConnectionString;
        await using (var api = await ApiInstance.StartAsync(original))
        {
            await _story.PlayAsync(api);
            await _story.WhileBusyAsync(api, () => DocumentedCommands.RunAsync("pg_dump", _temp.Folder, ("FROM", Words(original))));
        }
        await DocumentedCommands.RunAsync("pg_restore", _temp.Folder, ("SERVER", Words(original)), ("TO", Words(restored)));
        await _story.GoesOnAsync(original, restored, await _story.IsWholeAsync(original, restored));
    }

    [Fact]
    public async Task Goes_on_from_a_copy_of_the_server_that_was_taken_while_it_ran()
    {
        var (home, backup) = Homes();
        await using var first = await StartAsync(home);
        await using (var api = await ApiInstance.StartAsync(first.ConnectionString))
        {
            await _story.PlayAsync(api);
            await _story.WhileBusyAsync(api, () => DocumentedCommands.RunAsync("pg_basebackup", _temp.Folder, ("FROM", Words(first.ConnectionString)), ("TOKENLEDGER_HOME", home), ("BACKUP", backup)));
        }
        await using var second = await StartAsync(backup);
        Assert.Equal("the key", await File.ReadAllTextAsync(Path.Combine(backup, "operator.key"), TestContext.Current.CancellationToken));
        await _story.GoesOnAsync(first.ConnectionString, second.ConnectionString, await _story.IsWholeAsync(first.ConnectionString, second.ConnectionString));
    }

    [Fact]
    public async Task Goes_on_from_a_copy_of_the_home_that_was_taken_while_nothing_ran()
    {
        var (home, backup) = Homes();
        await using (var first = await StartAsync(home))
        await using (var api = await ApiInstance.StartAsync(first.ConnectionString))
            await _story.PlayAsync(api);
        await DocumentedCommands.RunAsync("cp -a", _temp.Folder, ("TOKENLEDGER_HOME", home), ("BACKUP", backup));
        await using var original = await StartAsync(home);
        await using var copy = await StartAsync(backup);
        await _story.GoesOnAsync(original.ConnectionString, copy.ConnectionString, await _story.IsWholeAsync(original.ConnectionString, copy.ConnectionString));
    }

    private (string Home, string Backup) Homes()
    {
        var home = Directory.CreateDirectory(Path.Combine(_temp.Folder, "home")).FullName;
        File.WriteAllText(Path.Combine(home, "operator.key"), "the key");
        return (home, Path.Combine(_temp.Folder, "backup"));
    }

    private static Task<PrivatePostgres> StartAsync(string home) =>
        PrivatePostgres.StartAsync(new(home) { SharedBuffersMb = 16 }, NullLogger.Instance, TimeProvider.System, TestContext.Current.CancellationToken);

    /// <summary>The connection as PostgreSQL's own programs take it.</summary>
    private static string Words(string connection)
    {
        var parts = new NpgsqlConnectionStringBuilder(connection);
        return $"host={parts.Host} user={parts.Username} dbname={parts.Database}";
    }
}
