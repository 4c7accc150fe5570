using TokenLedger.Hosting;
using TokenLedger.Tests.Integration.Http;

namespace TokenLedger.Tests.Sealing;

/// <summary>Who signs, with what key, and what is said when nobody has.</summary>
public sealed class SigningTests(PostgresServer postgres) : IDisposable
{
    private readonly TempHome _home = new();

    private string KeyFile => Path.Combine(_home.Folder, "state", "ledger.key");

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task Makes_one_key_however_many_processes_start()
    {
        // One start is seldom in another's way.
        for (var round = 0; round < 200; round++)
        {
            using var together = new Barrier(4);
            var keys = await Task.WhenAll(Enumerable.Range(0, together.ParticipantCount).Select(_ => Task.Factory.StartNew(() =>
            {
                together.SignalAndWait();
                using var key = LedgerKeyFile.Open(KeyFile);
                return key.ToPem();
            }, TaskCreationOptions.LongRunning)));
            Assert.Single(keys.Distinct());
            Assert.Equal([KeyFile], Directory.GetFiles(Path.GetDirectoryName(KeyFile)!));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(KeyFile));
            File.Delete(KeyFile);
        }
    }

    [Fact]
    public async Task Says_in_a_sentence_that_a_file_holds_no_key()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(KeyFile)!);
        await File.WriteAllTextAsync(KeyFile, "nothing", TestContext.Current.CancellationToken);
        Assert.Equal($"TokenLedger:Sealing:KeyFile '{KeyFile}' cannot be used: It holds no private key in PEM.", Assert.Throws<StartupException>(() => LedgerKeyFile.Open(KeyFile)).Message);
    }

    [Fact]
    public async Task Seals_without_a_key_but_signs_nothing()
    {
        await using var api = await ApiInstance.StartAsync(await postgres.CreateConnectionStringAsync("unsigned"));
        await api.OpenPoolAsync("pool");
        var head = await api.Events.HeadAsync();
        await api.Events.UntilAsync(async () => (await api.Operator.GetAsync($"/v1/ledger/consistency?from=1&to={head}")).Status == 200);
        Assert.Equal(head, (await api.Operator.GetAsync($"/v1/ledger/proofs/1?size={head}")).MustBe(200).Long("size"));
        (await api.Operator.GetAsync("/v1/ledger/checkpoint")).MustRefuse(404, "checkpoint-missing");
        (await api.Operator.GetAsync("/v1/ledger/proofs/1")).MustRefuse(404, "checkpoint-missing");
        (await api.Operator.GetAsync("/v1/ledger/consistency?from=1")).MustRefuse(404, "checkpoint-missing");
        Assert.Empty((await api.Nobody.GetAsync("/v1/ledger/key")).MustBe(200).Json["keys"]!.AsArray());
    }

    [Fact]
    public async Task Says_that_a_position_is_not_signed_yet()
    {
        await using var api = await ApiInstance.StartAsync(
            await postgres.CreateConnectionStringAsync("seldom"), null, ("Sealing:KeyFile", KeyFile), ("Sealing:CheckpointInterval", "1.00:00:00"), ("Sealing:Origin", "ledger.example.org"));
        await api.OpenPoolAsync("first");
        await api.Events.UntilAsync(async () => (await api.Operator.GetAsync("/v1/ledger/checkpoint")).Status == 200);
        Assert.StartsWith("ledger.example.org\n", (await api.Operator.GetAsync("/v1/ledger/checkpoint")).Body, StringComparison.Ordinal);
        await api.OpenPoolAsync("second");
        (await api.Operator.GetAsync($"/v1/ledger/proofs/{await api.Events.HeadAsync()}")).MustRefuse(404, "position-not-sealed");
    }
}
