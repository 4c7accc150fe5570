using TokenLedger.Ledger.Sealing;

namespace TokenLedger.Tests.Sealing;

/// <summary>What someone with the database in hand can do to the ledger, and where <c>verify</c> finds it. Checkpoints are signed at 300, 500 and 700 of 700 events.</summary>
public sealed class TamperTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private const string Rewritten = "update mt_events set data = jsonb_set(data, '{replicas}', '999') where seq_id = 321";
    private const string Forgotten = "truncate tl_tiles; update tl_seal set size = 0, chain = decode(repeat('00', 32), 'hex'), root = sha256('')";
    private const string Truncated = "delete from mt_events where seq_id > 600; update tl_head set position = 600; delete from tl_checkpoints where size > 600; " + Forgotten;

    [Fact]
    public async Task Passes_an_untouched_ledger()
    {
        await using var ledger = await CreateAsync();
        var report = await ledger.VerifyAsync();
        Assert.Equal((true, null, 700, 700, 3), (report.Ok, report.Finding, report.Events, report.SignedThrough, report.Checkpoints));
        await ledger.AppendAsync(5);
        var later = await ledger.VerifyAsync();
        Assert.Equal((true, 705, 700), (later.Ok, later.Events, later.SignedThrough));
    }

    [Theory]
    [InlineData("data = jsonb_set(data, '{replicas}', to_jsonb((data->>'replicas')::int # 1))")]
    [InlineData("data = data || '{\"more\": null}'")]
    [InlineData("data = data - 'reportedBy'")]
    [InlineData("type = 'capacity-changed.v2'")]
    [InlineData("timestamp = timestamp + interval '1 microsecond'")]
    [InlineData("timestamp = 'infinity'")]
    [InlineData("stream_id = 'fleet-b'")]
    [InlineData("version = version # 1")]
    [InlineData("id = gen_random_uuid()")]
    [InlineData("correlation_id = ''")]
    [InlineData("causation_id = 'x'")]
    public async Task Finds_the_event_that_was_changed(string change)
    {
        await using var ledger = await CreateAsync();
        await ledger.TamperAsync($"drop index pk_mt_events_stream_and_version; update mt_events set {change} where seq_id = 321");
        await FailsAtAsync(ledger, 321);
    }

    /// <summary>The other of the two streams, whose events have both ids.</summary>
    [Theory]
    [InlineData("correlation_id = null")]
    [InlineData("causation_id = 'Causation'")]
    [InlineData("data = '{\"key\": \"l\"}'")]
    public async Task Finds_the_last_event_when_that_was_changed(string change)
    {
        await using var ledger = await CreateAsync();
        await ledger.TamperAsync($"update mt_events set {change} where seq_id = 700");
        await FailsAtAsync(ledger, 700);
    }

    [Theory]
    [InlineData("delete from mt_events where seq_id = 321", 321)]
    [InlineData("delete from mt_events where seq_id > 600", 601)]
    [InlineData("delete from mt_events where seq_id = 700", 700)]
    [InlineData("delete from mt_events", 1)]
    [InlineData("delete from mt_events where seq_id = 321; update mt_events set seq_id = seq_id - 1 where seq_id > 321; update tl_head set position = 699", 321)]
    [InlineData("update mt_events set seq_id = case seq_id when 321 then 322 else 321 end where seq_id in (321, 322)", 321)]
    [InlineData("update mt_events set seq_id = case seq_id when 321 then 650 else 321 end where seq_id in (321, 650)", 321)]
    [InlineData("create temp table pair as select * from mt_events where seq_id in (321, 322); update mt_events e set data = p.data, id = p.id from pair p where p.seq_id = 643 - e.seq_id", 321)]
    [InlineData("update mt_events set seq_id = 9000 where seq_id = 321", 321)]
    public async Task Finds_what_is_missing_or_out_of_place(string tamper, long position)
    {
        await using var ledger = await CreateAsync();
        await ledger.TamperAsync("alter table mt_events drop constraint pkey_mt_events_seq_id; drop index pk_mt_events_stream_and_version; drop index idx_mt_events_event_id; " + tamper);
        await FailsAtAsync(ledger, position);
    }

    [Theory]
    [InlineData("update tl_tiles set hashes = set_byte(hashes, 2048, get_byte(hashes, 2048) # 1) where level = 0 and index = 1", 321)]
    [InlineData("delete from tl_tiles where level = 0 and index = 1", 257)]
    [InlineData("update tl_tiles set hashes = substring(hashes for 6400) where level = 0 and index = 1", 457)]
    [InlineData("update tl_seal set root = sha256('x')", 501)]
    [InlineData("update tl_seal set chain = sha256('x')", 501)]
    [InlineData("update tl_seal set size = 800", 701)]
    public async Task Finds_a_seal_that_was_changed(string tamper, long position)
    {
        await using var ledger = await CreateAsync();
        await ledger.TamperAsync(tamper);
        await FailsAtAsync(ledger, position);
    }

    [Theory]
    [InlineData("update tl_checkpoints set note = replace(note, E'\\n500\\n', E'\\n499\\n') where size = 500", 500)]
    [InlineData("update tl_checkpoints set note = regexp_replace(note, 'chain .', 'chain B') where size = 500", 500)]
    [InlineData("update tl_checkpoints set note = left(note, -10) || right(note, 9) where size = 500", 500)]
    [InlineData("update tl_checkpoints set note = 'x' where size = 500", 500)]
    [InlineData("update tl_checkpoints set note = (select note from tl_checkpoints where size = 300) where size = 500", 500)]
    [InlineData("delete from tl_checkpoint_keys", 300)]
    [InlineData("delete from tl_checkpoints", 1)]
    public async Task Finds_a_checkpoint_that_is_forged(string tamper, long position)
    {
        await using var ledger = await CreateAsync();
        await ledger.TamperAsync(tamper);
        await FailsAtAsync(ledger, position);
    }

    /// <summary>All hashes fit the new history, which only the signed checkpoints do not: the position lies between two of them.</summary>
    [Fact]
    public async Task Finds_a_history_that_was_rewritten_with_its_tiles()
    {
        await using var ledger = await CreateAsync();
        await ledger.TamperAsync($"{Rewritten}; {Forgotten}");
        await ledger.SealAsync();
        await FailsAtAsync(ledger, 301);
        Assert.Equal("Position 301: from here up to position 500 the events are not those of the signed checkpoint of 500 events.", (await ledger.VerifyAsync()).Finding?.Text);
    }

    /// <summary>Who signs it all anew with a key of his own deceives those who let the ledger name its key, and none who know it or kept a checkpoint.</summary>
    [Fact]
    public async Task Finds_a_history_that_was_rewritten_and_signed_with_another_key()
    {
        await using var ledger = await CreateAsync();
        var kept = (await new CheckpointStore(ledger.Source).LastAsync(SealedLedger.Ct))!.Note;
        await ledger.TamperAsync($"{Rewritten}; {Forgotten}; truncate tl_checkpoints, tl_checkpoint_keys");
        ledger.ChangeKey();
        await ledger.SignAsync();
        Assert.True((await ledger.VerifyAsync()).Ok);
        Assert.Contains("not signed by a key of the ledger", (await ledger.VerifyAsync(kept)).Finding?.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Finds_a_tail_that_was_cut_off_by_a_checkpoint_that_was_kept()
    {
        await using var ledger = await CreateAsync();
        var kept = (await new CheckpointStore(ledger.Source).LastAsync(SealedLedger.Ct))!.Note;
        await ledger.TamperAsync(Truncated);
        await ledger.SealAsync();
        Assert.Equal((true, 600, 500), ((await ledger.VerifyAsync()).Ok, (await ledger.VerifyAsync()).Events, (await ledger.VerifyAsync()).SignedThrough));
        Assert.Equal(new(601, "Position 601: the ledger ends before it, but the signed checkpoint of 700 events covers 700 events."), (await ledger.VerifyAsync(kept)).Finding);
    }

    private async Task<SealedLedger> CreateAsync()
    {
        var ledger = await SealedLedger.CreateAsync(database);
        foreach (var count in (int[])[300, 200, 200])
        {
            await ledger.AppendAsync(count);
            await ledger.SignAsync();
        }
        return ledger;
    }

    private static async Task FailsAtAsync(SealedLedger ledger, long position)
    {
        var report = await ledger.VerifyAsync();
        Assert.False(report.Ok);
        Assert.True(report.Finding?.Position == position, report.Finding?.ToString());
    }
}
