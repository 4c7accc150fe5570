using System.CommandLine;
using System.Text.Json;
using TokenLedger.Cli.Api;
using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;

namespace TokenLedger.Cli.Commands;

/// <summary><c>keys</c>: operator keys and their roles.</summary>
internal static class KeysCommand
{
    public static Command Create(Globals globals) =>
        new("keys", "Create, list and revoke operator keys.") { New(globals), List(globals), Revoke(globals) };

    /// <summary>Writes a key on standard output and what belongs to it on standard error, so that a script can take the key alone.</summary>
    public static async Task<int> WriteNewKeyAsync(byte[] answer, bool json, CancellationToken ct)
    {
        if (json)
        {
            await Terminal.WriteRawAsync(answer, ct);
            return 0;
        }
        var key = ApiClient.Read(answer, ApiJson.Shapes.NewKey);
        await Console.Error.WriteLineAsync($"Key id {key.KeyId}. The key is shown this once:");
        await Console.Out.WriteLineAsync(key.Key);
        return 0;
    }

    private static Command New(Globals globals)
    {
        var name = new Option<string>("--name") { Description = "What the key is for.", Required = true };
        var roles = new Option<Role[]>("--role") { Description = "What it may do; may be repeated.", Required = true, AllowMultipleArgumentsPerToken = true };
        roles.AcceptOnlyFromAmong([.. Enum.GetValues<Role>().Select(PoolTables.Word)]);
        var tenant = Arguments.IdOption<TenantId>("--tenant", "Bind a finance key to one tenant.");
        var command = new Command("create", "Create an operator key. The key is printed once and cannot be shown again.") { name, roles, tenant };
        command.SetAction(async (parsed, ct) =>
        {
            using var api = globals.Connect(parsed);
            var body = new PostOperatorKey(parsed.GetRequiredValue(name), parsed.GetRequiredValue(roles), parsed.GetValue(tenant));
            var answer = await api.SendAsync(HttpMethod.Post, "v1/keys", JsonSerializer.SerializeToUtf8Bytes(body, ApiJson.Shapes.PostOperatorKey), ct);
            return await WriteNewKeyAsync(answer, parsed.GetValue(globals.Json), ct);
        });
        return command;
    }

    private static Command List(Globals globals)
    {
        var command = new Command("list", "List operator keys; the keys themselves are not kept.");
        command.SetAction(async (parsed, ct) =>
        {
            using var api = globals.Connect(parsed);
            var answer = await api.GetAsync("v1/keys", ct);
            if (parsed.GetValue(globals.Json)) await Terminal.WriteRawAsync(answer, ct);
            else WriteTable(ApiClient.Read(answer, ApiJson.Shapes.OperatorKeyList));
            return 0;
        });
        return command;
    }

    private static Command Revoke(Globals globals)
    {
        var id = Arguments.Id<KeyId>("id", "Id of the key.");
        var command = new Command("revoke", "Revoke an operator key.") { id };
        command.SetAction(async (parsed, ct) =>
        {
            using var api = globals.Connect(parsed);
            await api.SendAsync(HttpMethod.Delete, $"v1/keys/{parsed.GetRequiredValue(id)}", null, ct);
            await Console.Error.WriteLineAsync($"Key {parsed.GetRequiredValue(id)} is revoked.");
            return 0;
        });
        return command;
    }

    private static void WriteTable(OperatorKeyList list)
    {
        var table = Terminal.NewTable("key id", "name", "roles", "tenant");
        foreach (var key in list.Keys)
            table.AddPlainRow(key.KeyId.Value, key.Name, string.Join(", ", key.Roles.Select(PoolTables.Word)), key.Tenant?.Value ?? "");
        Terminal.Results.Write(table);
    }
}
