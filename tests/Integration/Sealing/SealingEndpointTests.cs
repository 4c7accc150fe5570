using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using TokenLedger.Cli.Api;
using TokenLedger.Cli.Verify;
using TokenLedger.Ledger.Sealing;
using TokenLedger.Tests.Integration.Hosting;
using TokenLedger.Tests.Integration.Http;

namespace TokenLedger.Tests.Sealing;

/// <summary>An instance that signs, with a pool and some requests in it.</summary>
public sealed class SealingFixture(PostgresServer postgres) : ApiFixture(postgres), IDisposable
{
    private readonly TempHome _home = new();

    public string KeyFile => Path.Combine(_home.Folder, "keys", "ledger.key");

    protected override (string Name, string Value)[] Settings => [("Sealing:KeyFile", KeyFile), ("Sealing:CheckpointInterval", "00:00:00.100"), ("Sealing:Patience", "00:00:00.050")];

    internal override async Task SetUpAsync()
    {
        await Api.OpenPoolAsync("pool");
        var gateway = await Api.EnterAsync("pool", "chat");
        for (var i = 0; i < 5; i++)
        {
            var request = Guid.NewGuid();
            await gateway.AdmitAsync(request);
            await gateway.UseAsync(request);
        }
    }

    public void Dispose() => _home.Dispose();
}

public sealed class SealingEndpointTests(SealingFixture fixture) : IClassFixture<SealingFixture>
{
    private ApiInstance Api => fixture.Api;

    [Fact]
    public async Task Signs_what_was_appended_with_the_key_that_it_names()
    {
        var signed = await SignedAsync();
        var note = (await Api.Operator.GetAsync("/v1/ledger/checkpoint")).MustBe(200);
        Assert.Equal("text/plain; charset=utf-8", note.Header("Content-Type"));
        Assert.Contains("\n\n— tokenledger/", note.Body, StringComparison.Ordinal);
        var text = Encoding.UTF8.GetBytes(signed.Text("note")[..(signed.Text("note").IndexOf("\n\n", StringComparison.Ordinal) + 1)]);
        var signature = Convert.FromBase64String(signed.Text("note").TrimEnd('\n').Split(' ')[^1])[4..];
        var key = (await Api.Nobody.GetAsync("/v1/ledger/key")).MustBe(200).Json["keys"]![0]!;
        using var ecdsa = ECDsa.Create();
        ecdsa.ImportSubjectPublicKeyInfo(Convert.FromBase64String((string)key["publicKey"]!), out _);
        Assert.True(ecdsa.VerifyData(text, signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence));
        Assert.Equal((string)key["keyId"]!, (string)signed.Json["key"]!["keyId"]!);
        Assert.Equal($"{signed.Text("origin")}\n{signed.Long("size")}\n{signed.Text("root")}\nchain {signed.Text("chain")}\n", Encoding.UTF8.GetString(text));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(fixture.KeyFile));
    }

    /// <summary>Nothing here comes from the product but the API's answers.</summary>
    [Fact]
    public async Task Proves_every_event_to_a_stranger()
    {
        var signed = await SignedAsync();
        var root = Convert.FromBase64String(signed.Text("note").Split('\n')[2]);
        var size = signed.Long("size");
        using var events = JsonDocument.Parse((await Api.Operator.GetAsync($"/v1/ledger/events?limit={size}")).MustBe(200).Body);
        foreach (var e in events.RootElement.GetProperty("events").EnumerateArray())
        {
            var position = e.GetProperty("position").GetInt64();
            var proof = (await Api.Operator.GetAsync($"/v1/ledger/proofs/{position}?size={size}")).MustBe(200);
            Assert.Equal((position, position - 1, size, signed.Text("note")), (proof.Long("position"), proof.Long("leafIndex"), proof.Long("size"), proof.Text("checkpoint")));
            Assert.Equal(Convert.ToBase64String(StrangerSeal.Leaf(e)), proof.Text("leafHash"));
            Assert.True(ProofCheck.Included(StrangerSeal.Leaf(e), position - 1, size, Hashes(proof.Json["path"]!), root), proof.Body);
        }
    }

    [Fact]
    public async Task Proves_that_a_later_ledger_begins_with_an_earlier_one()
    {
        var first = await SignedAsync();
        await Api.OpenPoolAsync($"pool-{Guid.NewGuid():N}");
        var second = await SignedAsync();
        var proof = (await Api.Operator.GetAsync($"/v1/ledger/consistency?from={first.Long("size")}&to={second.Long("size")}")).MustBe(200);
        Assert.True(second.Long("size") > first.Long("size"));
        Assert.True(ProofCheck.Consistent(first.Long("size"), second.Long("size"), Convert.FromBase64String(first.Text("root")), Convert.FromBase64String(second.Text("root")), Hashes(proof.Json["path"]!)), proof.Body);
        Assert.Equal((first.Text("root"), second.Text("root")), (proof.Text("fromRoot"), proof.Text("toRoot")));
        var sizes = (await Api.Operator.GetAsync("/v1/ledger/checkpoints?limit=1000")).MustBe(200).Json["checkpoints"]!.AsArray().Select(checkpoint => (long)checkpoint!["size"]!).ToList();
        Assert.Equal([first.Long("size"), second.Long("size")], sizes.Intersect([first.Long("size"), second.Long("size")]));
        Assert.Equal(sizes.Order(), sizes);
    }

    [Fact]
    public async Task Is_verified_over_the_API_and_from_an_export()
    {
        var signed = await SignedAsync();
        using var http = Connections.Open(new Uri(Api.Address + "/"), ApiInstance.OperatorKey, 4, TimeSpan.FromSeconds(60));
        await using var copy = new HttpCopy(new(http));
        var report = await Run(copy, signed.Text("note"));
        Assert.Equal((true, null), (report.Ok, report.Finding));
        Assert.True(report.SignedThrough >= signed.Long("size"));

        var lines = (await Api.Operator.GetAsync($"/v1/ledger/events?limit={signed.Long("size")}", "application/x-ndjson")).MustBe(200).Body;
        Assert.True((await RunExport(lines, signed)).Ok);
        Assert.Equal(3, (await RunExport(lines.Replace("\"position\":3,", "\"position\":4,", StringComparison.Ordinal), signed)).Finding?.Position);
        Assert.Equal(1, (await RunExport(lines.Replace("\"cause\"", "\"course\"", StringComparison.Ordinal).Replace("chat", "chit", StringComparison.Ordinal), signed)).Finding?.Position);
        Assert.Equal(2, (await RunExport(lines.Split('\n')[0] + "\n{}\n", signed)).Finding?.Position);
        Assert.Equal(signed.Long("size"), (await RunExport(string.Join('\n', lines.Split('\n')[..^2]), signed)).Finding?.Position);
    }

    [Theory]
    [InlineData("/proofs/0", 404, "position-unknown")]
    [InlineData("/proofs/9999999", 404, "position-unknown")]
    [InlineData("/proofs/x", 400, "invalid-input", "position")]
    [InlineData("/proofs/3?size=2", 400, "invalid-input", "size")]
    [InlineData("/proofs/3?size=9999999", 400, "invalid-input", "size")]
    [InlineData("/consistency", 400, "invalid-input", "from")]
    [InlineData("/consistency?from=0&to=2", 400, "invalid-input", "from")]
    [InlineData("/consistency?from=3&to=2", 400, "invalid-input", "from")]
    [InlineData("/consistency?from=1&to=9999999", 400, "invalid-input", "to")]
    [InlineData("/checkpoints?limit=0", 400, "invalid-input", "limit")]
    [InlineData("/checkpoints?after=-1", 400, "invalid-input", "after")]
    [InlineData("/tiles/8/0", 400, "invalid-input", "level")]
    [InlineData("/tiles/0/-1", 400, "invalid-input", "index")]
    [InlineData("/tiles/0/0?count=65", 400, "invalid-input", "count")]
    public async Task Says_what_is_wrong_with_a_question(string path, int status, string reason, params string[] fields)
    {
        await SignedAsync();
        (await Api.Operator.GetAsync("/v1/ledger" + path)).MustRefuse(status, reason, fields);
    }

    [Theory]
    [InlineData("/checkpoint")]
    [InlineData("/checkpoints")]
    [InlineData("/proofs/1")]
    [InlineData("/consistency?from=1")]
    [InlineData("/tiles/0/0")]
    public async Task Answers_auditors_and_no_others(string path)
    {
        await SignedAsync();
        (await Api.Nobody.GetAsync("/v1/ledger" + path)).MustRefuse(401, "key-unknown");
        (await (await Api.AsRoleAsync("finance")).GetAsync("/v1/ledger" + path)).MustRefuse(403, "role-missing");
        (await (await Api.AsRoleAsync("auditor")).GetAsync("/v1/ledger" + path)).MustBe(200);
    }

    /// <summary>The newest checkpoint, once it covers what is in the ledger now.</summary>
    private async Task<ApiAnswer> SignedAsync()
    {
        var head = await Api.Events.HeadAsync();
        ApiAnswer answer = null!;
        await Api.Events.UntilAsync(async () => (answer = await Api.Operator.GetAsync("/v1/ledger/checkpoint", "application/json")).Status == 200 && answer.Long("size") >= head);
        return answer;
    }

    private static Task<VerifyReport> Run(ILedgerCopy copy, string note) => new VerifyRun(copy, [note], [], 2, static (_, _) => { }).RunAsync(Within.Patience());

    private static async Task<VerifyReport> RunExport(string lines, ApiAnswer signed)
    {
        Assert.True(VerifierKey.TryParse((string)signed.Json["key"]!["verifierKey"]!, out var key));
        using (key)
        {
            await using var copy = new ExportCopy(new MemoryStream(Encoding.UTF8.GetBytes(lines)), [key]);
            return await Run(copy, signed.Text("note"));
        }
    }

    private static List<byte[]> Hashes(JsonNode path) => [.. path.AsArray().Select(hash => Convert.FromBase64String((string)hash!))];
}
