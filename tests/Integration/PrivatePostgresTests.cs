using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using TokenLedger.Hosting.Postgres;

namespace TokenLedger.Tests.Integration;

public sealed class PrivatePostgresTests : IDisposable
{
    private readonly TempHome _temp = new();

    public void Dispose() => _temp.Dispose();

    [Fact]
    public async Task Answers_with_checksums_and_full_durability()
    {
        await using var postgres = await StartAsync(_temp.Folder);
        foreach (var (setting, value) in new[] { ("data_checksums", "on"), ("fsync", "on"), ("synchronous_commit", "on"), ("full_page_writes", "on"), ("listen_addresses", "") })
            Assert.Equal(value, await AskAsync(postgres, $"SHOW {setting}"));
        Assert.Equal("tokenledger|UTF8|C", await AskAsync(postgres, "SELECT datname || '|' || pg_encoding_to_char(encoding) || '|' || datcollate FROM pg_database WHERE datname = current_database()"));
    }

    [Fact]
    public async Task Keeps_its_data_from_one_start_to_the_next()
    {
        await using (var first = await StartAsync(_temp.Folder))
            await AskAsync(first, "CREATE TABLE kept AS SELECT 42 AS answer");
        await using var second = await StartAsync(_temp.Folder);
        Assert.Equal("42", await AskAsync(second, "SELECT answer::text FROM kept"));
    }

    [Fact]
    public async Task Leaves_no_process_and_no_socket_behind()
    {
        string socketFolder;
        Process server;
        await using (var postgres = await StartAsync(_temp.Folder))
            (socketFolder, server) = (SocketFolder(postgres), Postmaster(_temp.Folder));
        using (server)
            Assert.True(server.HasExited);
        Assert.False(Directory.Exists(socketFolder));
    }

    [Fact]
    public async Task Is_started_again_when_the_server_is_killed()
    {
        await using var postgres = await StartAsync(_temp.Folder);
        await AskAsync(postgres, "CREATE TABLE kept AS SELECT 42 AS answer");
        using (var server = Postmaster(_temp.Folder))
        {
            server.Kill();
            await server.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
        Assert.Equal("42", await AskUntilAnsweredAsync(postgres, "SELECT answer::text FROM kept"));
    }

    /// <summary>The shells that tie the server to its host go first, so that the server is on its own, as after a crash that took everything but the server.</summary>
    [Fact]
    public async Task Takes_over_from_a_server_that_nobody_looks_after_any_more()
    {
        await using var postgres = await StartAsync(_temp.Folder);
        await AskAsync(postgres, "CREATE TABLE kept AS SELECT 42 AS answer");
        using var abandoned = Postmaster(_temp.Folder);
        foreach (var shell in ShellsOf(postgres))
            using (shell)
                shell.Kill();
        await abandoned.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal("42", await AskUntilAnsweredAsync(postgres, "SELECT answer::text FROM kept"));
    }

    [Fact]
    public async Task Starts_in_spite_of_files_left_behind_whose_process_number_is_in_use_again()
    {
        string pidFile;
        await using (await StartAsync(_temp.Folder))
            pidFile = Path.Combine(_temp.Folder, "postgres", "postmaster.pid");
        using var somebodyElse = Process.Start("sleep", "60");
        await File.WriteAllTextAsync(pidFile, $"{somebodyElse.Id}\n{Path.GetDirectoryName(pidFile)}\n1700000000\n5432\n/tmp\n\n  0 0\nready\n", TestContext.Current.CancellationToken);
        await using (var postgres = await StartAsync(_temp.Folder))
            Assert.Equal("1", await AskAsync(postgres, "SELECT '1'"));
        Assert.False(somebodyElse.HasExited);
        somebodyElse.Kill();
    }

    [Fact]
    public async Task Begins_anew_when_an_earlier_initialisation_was_interrupted()
    {
        Directory.CreateDirectory(Path.Combine(_temp.Folder, "postgres.new", "base"));
        await using var postgres = await StartAsync(_temp.Folder);
        Assert.Equal("1", await AskAsync(postgres, "SELECT '1'"));
    }

    [Fact]
    public async Task Works_in_a_deep_folder_with_odd_characters()
    {
        var home = Path.Combine([_temp.Folder, "it's a \"checkout\" $HOME; ☃", .. Enumerable.Repeat("deeper and deeper", 8), ".tokenledger"]);
        await using var postgres = await StartAsync(home);
        Assert.Equal("1", await AskAsync(postgres, "SELECT '1'"));
        Assert.True(File.Exists(Path.Combine(home, "logs", "postgres.log")));
    }

    [Fact]
    public async Task Keeps_its_data_where_the_server_can_get_when_the_home_is_closed_to_others()
    {
        File.SetUnixFileMode(_temp.Folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await using (var first = await StartAsync(_temp.Folder))
            await AskAsync(first, "CREATE TABLE kept AS SELECT 42 AS answer");
        await using (var second = await StartAsync(_temp.Folder))
            Assert.Equal("42", await AskAsync(second, "SELECT answer::text FROM kept"));
        var note = Path.Combine(_temp.Folder, "postgres-data-is-in.txt");
        // Only a server started by root runs as another user.
        Assert.Equal(Environment.IsPrivilegedProcess, File.Exists(note));
        if (!File.Exists(note))
            return;
        var outside = (await File.ReadAllTextAsync(note, TestContext.Current.CancellationToken)).Trim();
        Directory.Delete(outside, recursive: true);
        File.Delete(outside + ".lock");
    }

    [Fact]
    public async Task Refuses_a_home_that_another_host_is_using()
    {
        await using var first = await StartAsync(_temp.Folder);
        var refusal = await Assert.ThrowsAsync<PrivatePostgresException>(() => StartAsync(_temp.Folder));
        Assert.StartsWith("Another TokenLedger is running on", refusal.Message, StringComparison.Ordinal);
        Assert.Equal("1", await AskAsync(first, "SELECT '1'"));
    }

    [Fact]
    public async Task Refuses_a_socket_folder_that_is_open_to_others()
    {
        string socketFolder;
        await using (var postgres = await StartAsync(_temp.Folder))
            socketFolder = SocketFolder(postgres);
        Directory.CreateDirectory(socketFolder, (UnixFileMode)0b111_111_111);
        var refusal = await Assert.ThrowsAsync<PrivatePostgresException>(() => StartAsync(_temp.Folder));
        Assert.Contains(socketFolder, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Says_which_PostgreSQL_is_missing_for_data_made_by_another()
    {
        await using (await StartAsync(_temp.Folder)) { }
        await File.WriteAllTextAsync(Path.Combine(_temp.Folder, "postgres", "PG_VERSION"), "9\n", TestContext.Current.CancellationToken);
        var refusal = await Assert.ThrowsAsync<PrivatePostgresException>(() => StartAsync(_temp.Folder));
        Assert.EndsWith("'apt-get install postgresql-9'.", refusal.Message, StringComparison.Ordinal);
    }

    private static Task<PrivatePostgres> StartAsync(string home) =>
        PrivatePostgres.StartAsync(new(home) { SharedBuffersMb = 16 }, NullLogger.Instance, TimeProvider.System, TestContext.Current.CancellationToken);

    private static async Task<string?> AskAsync(PrivatePostgres postgres, string sql)
    {
        await using var connection = new NpgsqlConnection(postgres.ConnectionString + ";Pooling=false");
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        return (string?)await command.ExecuteScalarAsync(TestContext.Current.CancellationToken);
    }

    private static async Task<string?> AskUntilAnsweredAsync(PrivatePostgres postgres, string sql)
    {
        var clock = Stopwatch.StartNew();
        while (true)
            try { return await AskAsync(postgres, sql); }
            catch (NpgsqlException) when (clock.Elapsed < TimeSpan.FromSeconds(30)) { await Task.Yield(); }
    }

    private static string SocketFolder(PrivatePostgres postgres) => new NpgsqlConnectionStringBuilder(postgres.ConnectionString).Host!;

    private static Process Postmaster(string home) =>
        Process.GetProcessById(int.Parse(File.ReadLines(Path.Combine(home, "postgres", "postmaster.pid")).First(), CultureInfo.InvariantCulture));

    private static IEnumerable<Process> ShellsOf(PrivatePostgres postgres) => Process.GetProcessesByName("sh")
        .Where(shell => File.ReadAllText($"/proc/{shell.Id}/cmdline").Contains(SocketFolder(postgres), StringComparison.Ordinal));
}
