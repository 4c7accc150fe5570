using System.CommandLine;
using TokenLedger.Cli.Api;
using TokenLedger.Contracts;

namespace TokenLedger.Cli.Commands;

/// <summary><c>pools</c>: what pools there are, and to set them up.</summary>
internal static class PoolsCommand
{
    public static Command Create(Globals globals)
    {
        var pool = new Argument<PoolId?>("pool")
        {
            Description = "One pool, with its entitlements. Default: all pools.",
            Arity = ArgumentArity.ZeroOrOne,
            CustomParser = argument => PoolId.TryParse(argument.Tokens[0].Value, null, out var id) ? id : Refuse(argument),
        };
        var command = new Command("pools", "Show pools with capacity, committed, held and available amounts, or set them up.")
        {
            pool, Put(globals), Entitle(globals), Key(globals),
        };
        command.SetAction((parsed, ct) => ShowAsync(globals, parsed, parsed.GetValue(pool), ct));
        return command;

        static PoolId? Refuse(System.CommandLine.Parsing.ArgumentResult argument)
        {
            argument.AddError($"'{argument.Tokens[0].Value}' is no pool: a name {PoolId.Rule}.");
            return null;
        }
    }

    private static async Task<int> ShowAsync(Globals globals, ParseResult parsed, PoolId? pool, CancellationToken ct)
    {
        using var api = globals.Connect(parsed);
        var answer = await api.GetAsync(pool is { } name ? PoolPath(name) : "v1/pools", ct);
        if (parsed.GetValue(globals.Json))
            await Terminal.WriteRawAsync(answer, ct);
        else if (pool is null)
            PoolTables.Write(Terminal.Results, ApiClient.Read(answer, ApiJson.Shapes.PoolList).Pools);
        else
            PoolTables.WriteOne(Terminal.Results, ApiClient.Read(answer, ApiJson.Shapes.PoolView));
        return 0;
    }

    private static Command Put(Globals globals)
    {
        var pool = Arguments.Id<PoolId>("pool", "Name of the pool.");
        var file = Arguments.JsonFile("The pool's configuration as JSON, the body of PUT /v1/pools/{pool}.");
        var command = new Command("put", "Create a pool or change its configuration.") { pool, file };
        command.SetAction((parsed, ct) =>
            PutAsync(globals, parsed, PoolPath(parsed.GetRequiredValue(pool)), parsed.GetRequiredValue(file), ct));
        return command;
    }

    private static Command Entitle(Globals globals)
    {
        var pool = Arguments.Id<PoolId>("pool", "Name of the pool.");
        var entitlement = Arguments.Id<EntitlementId>("entitlement", "Name of the entitlement.");
        var file = Arguments.JsonFile("The terms as JSON, the body of PUT /v1/pools/{pool}/entitlements/{entitlement}.");
        var command = new Command("entitle", "Grant an entitlement in a pool or change its terms.") { pool, entitlement, file };
        command.SetAction((parsed, ct) =>
            PutAsync(globals, parsed, EntitlementPath(parsed.GetRequiredValue(pool), parsed.GetRequiredValue(entitlement)), parsed.GetRequiredValue(file), ct));
        return command;
    }

    private static Command Key(Globals globals)
    {
        var pool = Arguments.Id<PoolId>("pool", "Name of the pool.");
        var entitlement = Arguments.Id<EntitlementId>("entitlement", "Name of the entitlement.");
        var command = new Command("key", "Issue an inference key of an entitlement. The key is printed once and cannot be shown again.") { pool, entitlement };
        command.SetAction(async (parsed, ct) =>
        {
            using var api = globals.Connect(parsed);
            var path = EntitlementPath(parsed.GetRequiredValue(pool), parsed.GetRequiredValue(entitlement)) + "/keys";
            return await KeysCommand.WriteNewKeyAsync(await api.SendAsync(HttpMethod.Post, path, null, ct), parsed.GetValue(globals.Json), ct);
        });
        return command;
    }

    private static async Task<int> PutAsync(Globals globals, ParseResult parsed, string path, FileInfo file, CancellationToken ct)
    {
        using var api = globals.Connect(parsed);
        var answer = await api.SendAsync(HttpMethod.Put, path, await Arguments.ReadAsync(file, ct), ct);
        if (parsed.GetValue(globals.Json)) await Terminal.WriteRawAsync(answer, ct);
        else await Console.Out.WriteLineAsync($"{path[3..]} is in force.");
        return 0;
    }

    private static string PoolPath(PoolId pool) => $"v1/pools/{pool}";

    private static string EntitlementPath(PoolId pool, EntitlementId entitlement) => $"v1/pools/{pool}/entitlements/{entitlement}";
}
