using System.Security.Cryptography;
using Npgsql;
using TokenLedger.Ledger.Sealing;

namespace TokenLedger.Tests.Sealing;

public sealed class SealerTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static CancellationToken Ct => SealedLedger.Ct;

    /// <summary>Whatever the rounds, the seal is the one that the definition gives for the events.</summary>
    [Theory]
    [InlineData(1_000)]
    [InlineData(256)]
    [InlineData(7)]
    public async Task Seals_what_was_appended(int batch)
    {
        await using var ledger = await SealedLedger.CreateAsync(database);
        await ledger.AppendAsync(300);
        await ledger.SealAsync(batch);
        await ledger.AppendAsync(300);
        await ledger.SealAsync(batch);
        var head = await new SealedTree(ledger.Source).HeadAsync(Ct);
        var leaves = await LeavesAsync(ledger);
        Assert.Equal((600, 600), (head.Size, head.Position));
        Assert.Equal(ProofCheck.Root(leaves), head.Root.ToArray());
        Assert.Equal(leaves.Aggregate(new byte[32], (chain, leaf) => SHA256.HashData([.. chain, .. leaf])), head.Chain.ToArray());
        Assert.Equal(leaves.SelectMany(leaf => leaf), (await new SealedTree(ledger.Source).TilesAsync(0, 0, 10, Ct)).SelectMany(tile => tile.Hashes));
    }

    [Fact]
    public async Task Seals_nothing_when_there_is_nothing()
    {
        await using var ledger = await SealedLedger.CreateAsync(database);
        Assert.Equal(0, await new LedgerSealer(ledger.Source).SealAsync(10, Ct));
        Assert.Equal(Merkle.EmptyRoot.ToArray(), (await new SealedTree(ledger.Source).HeadAsync(Ct)).Root.ToArray());
        Assert.Null(await new CheckpointSigner(ledger.Source, ledger.Key, null, TimeSpan.FromSeconds(1)).SignAsync(Facts.Noon, Ct));
    }

    [Fact]
    public async Task Goes_on_where_a_round_died_half_way()
    {
        await using var ledger = await SealedLedger.CreateAsync(database);
        await ledger.AppendAsync(300);
        var sealer = new LedgerSealer(ledger.Source);
        Assert.Equal(200, await sealer.SealAsync(200, Ct));
        // The last statement of the round fails, when tiles are written and hashes are made.
        await ledger.TamperAsync("create function die() returns trigger language plpgsql as $$ begin raise exception 'died'; end $$; create trigger die before update on tl_seal for each row execute function die()");
        await Assert.ThrowsAsync<PostgresException>(() => sealer.SealAsync(200, Ct));
        Assert.Equal(200, (await new SealedTree(ledger.Source).HeadAsync(Ct)).Size);
        await ledger.TamperAsync("drop trigger die on tl_seal");
        Assert.Equal(100, await sealer.SealAsync(200, Ct));
        await ledger.SignAsync();
        Assert.Null((await ledger.VerifyAsync()).Finding);
    }

    [Fact]
    public async Task Is_one_seal_however_many_seal()
    {
        await using var ledger = await SealedLedger.CreateAsync(database);
        var appending = ledger.AppendAsync(800);
        var sealing = Enumerable.Range(0, 3).Select(async _ =>
        {
            var (sealer, count) = (new LedgerSealer(ledger.Source), 0L);
            while (!appending.IsCompleted || (await new SealedTree(ledger.Source).HeadAsync(Ct)).Size < 800) count += await sealer.SealAsync(5, Ct);
            return count;
        }).ToArray();
        await appending;
        Assert.Equal(800, (await Task.WhenAll(sealing)).Sum());
        await ledger.SignAsync();
        Assert.Equal((true, 800), ((await ledger.VerifyAsync()).Ok, (await ledger.VerifyAsync()).SignedThrough));
    }

    [Fact]
    public async Task Seals_nothing_over_a_hole()
    {
        await using var ledger = await SealedLedger.CreateAsync(database);
        await ledger.AppendAsync(20);
        await ledger.TamperAsync("delete from mt_events where seq_id = 7");
        Assert.Equal("The ledger has no event at position 7.", (await Assert.ThrowsAsync<DamagedSealException>(() => ledger.SealAsync())).Message);
        Assert.Equal(0, (await new SealedTree(ledger.Source).HeadAsync(Ct)).Size);
    }

    /// <summary>More than a tile of tiles, so that the level above is met; one hash of it is changed in the end.</summary>
    [Fact]
    public async Task Catches_up_on_a_ledger_that_is_there_already()
    {
        await using var ledger = await SealedLedger.CreateAsync(database);
        for (var left = 66; left > 0; left--) await ledger.AppendAsync("fleet-a", Facts.Capacities(1_000));
        await ledger.SealAsync(50_000);
        await ledger.SignAsync();
        var report = await ledger.VerifyAsync();
        Assert.Equal((null, 66_000, 66_000), (report.Finding, report.Events, report.SignedThrough));
        await ledger.TamperAsync("update tl_tiles set hashes = set_byte(hashes, 5000, get_byte(hashes, 5000) # 1) where level = 1 and index = 0");
        Assert.Equal("Position 1: tile 0 of level 1, which begins there, does not follow from the events.", (await ledger.VerifyAsync()).Finding?.Text);
    }

    [Fact]
    public async Task Signs_at_most_once_in_a_while_and_nothing_twice()
    {
        await using var ledger = await SealedLedger.CreateAsync(database);
        var signer = new CheckpointSigner(ledger.Source, ledger.Key, "ledger.example.org", TimeSpan.FromSeconds(1));
        await ledger.AppendAsync(10);
        await ledger.SealAsync();
        Assert.Equal(10, await signer.SignAsync(Facts.Noon, Ct));
        await ledger.AppendAsync(10);
        await ledger.SealAsync();
        Assert.Null(await signer.SignAsync(Facts.Noon.AddSeconds(0.9), Ct));
        Assert.Equal(20, await signer.SignAsync(Facts.Noon.AddSeconds(1), Ct));
        Assert.Null(await signer.SignAsync(Facts.Noon.AddSeconds(9), Ct));
        Assert.Equal([10, 20], (await new CheckpointStore(ledger.Source).PageAsync(0, 10, Ct)).Select(checkpoint => checkpoint.Size));
    }

    [Theory]
    [InlineData("update tl_tiles set hashes = set_byte(hashes, 0, get_byte(hashes, 0) # 1)")]
    [InlineData("update tl_seal set root = sha256('x')")]
    [InlineData("update tl_checkpoints set note = replace(note, 'chain ', 'chain A')")]
    [InlineData("update tl_checkpoints set note = replace(note, 'tokenledger/', 'tokenledgir/')")]
    [InlineData("update tl_checkpoints set size = 400")]
    public async Task Signs_no_other_history(string tamper)
    {
        await using var ledger = await SealedLedger.CreateAsync(database);
        await ledger.AppendAsync(100);
        await ledger.SignAsync();
        await ledger.AppendAsync(100);
        await ledger.SealAsync();
        await ledger.TamperAsync(tamper);
        await Assert.ThrowsAsync<DamagedSealException>(ledger.SignAsync);
        Assert.Equal(1, await ledger.ScalarAsync<long>("select count(*) from tl_checkpoints"));
    }

    private static async Task<byte[][]> LeavesAsync(SealedLedger ledger)
    {
        var events = (await new TokenLedger.Ledger.PostgresLedger(ledger.Source).ReadAllAsync(0, 10_000, null, null, Ct)).Events;
        return [.. events.Select(e =>
        {
            var leaf = new byte[Merkle.HashSize];
            new EventSeal().Leaf(e, leaf);
            return leaf;
        })];
    }
}
