using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace TokenLedger.Ledger;

/// <summary>A script that has been applied was edited afterwards: the database and the program no longer agree on what it holds.</summary>
public sealed class SchemaChangedException(string module, string script)
    : Exception($"Script '{script}' of module '{module}' has been applied to this database and was changed afterwards. Restore its text and put the change into a new script.");

/// <summary>
/// Applies a module's embedded scripts <c>001-name.sql, 002-name.sql …</c>, each once and in its own transaction, and keeps account of them in <c>tl_schema_versions</c>.
/// Any number of processes may start at once: each script is looked up and applied under an advisory lock that its transaction holds.
/// Scripts name no schema: their tables land in the first schema of the data source's search path (<see cref="LedgerDatabase.Open"/>), which is created when it is missing.
/// </summary>
public static class SchemaMigrator
{
    /// <param name="module">Whose scripts these are; versions are counted per module.</param>
    /// <param name="resourcePrefix">What the scripts' resource names begin with, up to and with the dot before the number.</param>
    /// <exception cref="SchemaChangedException">A script applied earlier has another text now.</exception>
    public static async Task UpgradeAsync(NpgsqlDataSource source, string module, Assembly assembly, string resourcePrefix, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(assembly);
        await using var connection = await source.OpenConnectionAsync(ct);
        foreach (var script in Scripts(assembly, resourcePrefix)) await ApplyAsync(connection, module, script, ct);
    }

    private static async Task ApplyAsync(NpgsqlConnection connection, string module, Script script, CancellationToken ct)
    {
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await ExecuteAsync(connection, SqlText.LockSchema, [], ct);
        var applied = await AppliedAsync(connection, module, script.Version, ct);
        if (applied is null)
        {
            await ExecuteAsync(connection, script.Text, [], ct);
            await ExecuteAsync(connection, SqlText.RecordScript, [module, script.Version, script.Name, script.Checksum], ct);
        }
        else if (applied != script.Checksum)
        {
            throw new SchemaChangedException(module, script.Name);
        }
        await transaction.CommitAsync(ct);
    }

    private static async Task<string?> AppliedAsync(NpgsqlConnection connection, string module, int version, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(SqlText.AppliedScript, connection) { Parameters = { new() { Value = module }, new() { Value = version } } };
        return (string?)await command.ExecuteScalarAsync(ct);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, object[] values, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        await command.ExecuteNonQueryAsync(ct);
    }

    private static List<Script> Scripts(Assembly assembly, string prefix)
    {
        var names = assembly.GetManifestResourceNames().Where(name => name.StartsWith(prefix, StringComparison.Ordinal));
        var scripts = names.Select(name => Read(assembly, name, name[prefix.Length..])).OrderBy(script => script.Version).ToList();
        if (scripts.Count == 0) throw new InvalidOperationException($"{assembly.GetName().Name} has no scripts called {prefix}*.");
        for (var i = 0; i < scripts.Count; i++)
            if (scripts[i].Version != i + 1) throw new InvalidOperationException($"Scripts are numbered 001, 002 … without a gap, but '{scripts[i].Name}' is number {i + 1}.");
        return scripts;
    }

    private static Script Read(Assembly assembly, string resource, string name)
    {
        using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
        // A checkout may have turned the line ends around; the script is still the same.
        var text = reader.ReadToEnd().ReplaceLineEndings("\n");
        var checksum = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
        return int.TryParse(name.AsSpan(0, Math.Min(3, name.Length)), NumberStyles.None, CultureInfo.InvariantCulture, out var version)
            ? new(version, name, text, checksum)
            : throw new InvalidOperationException($"Script '{name}' does not begin with its number, as in 001-name.sql.");
    }

    private sealed record Script(int Version, string Name, string Text, string Checksum);
}
