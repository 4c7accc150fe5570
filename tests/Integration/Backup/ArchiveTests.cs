using System.Security.Cryptography;
using Npgsql;
using TokenLedger.Cli;
using TokenLedger.Cli.Archive;
using TokenLedger.Cli.Replay;
using TokenLedger.Cli.Verify;
using TokenLedger.Contracts;
using TokenLedger.Ledger;
using TokenLedger.Ledger.Sealing;
using TokenLedger.Tests.Integration.Hosting;
using TokenLedger.Tests.Integration.Http;

namespace TokenLedger.Tests.Integration.Backup;

/// <summary>Old books leave the database and come back, while the services run.</summary>
public sealed class ArchiveTests(PostgresServer postgres) : IAsyncLifetime
{
    private readonly ArchiveFixture _ledger = new(postgres);

    private static CancellationToken Ct => Within.Patience();

    public ValueTask InitializeAsync() => _ledger.InitializeAsync();

    public ValueTask DisposeAsync() => _ledger.DisposeAsync();

    [Fact]
    public async Task Goes_on_without_the_old_books_and_still_knows_every_id()
    {
        var usage = await UsageAsync();
        var (head, dropped) = (await _ledger.Api.Events.HeadAsync(), await DropAsync());
        Assert.InRange(dropped, 4, _ledger.Before - 1);
        await KnowsWhatWasAsync();
        await RestartAsync();
        await KnowsWhatWasAsync();
        Assert.Equal(usage, await UsageAsync());
        (await _ledger.Api.With(_ledger.Key).UseAsync(_ledger.Open)).MustBe(202);
        await _ledger.Api.Events.FirstAsync<ReservationSettled>(e => e.Request.Value == _ledger.Open, after: _ledger.Before);
        var next = (await _ledger.Api.With(_ledger.Key).AdmitAsync(Guid.NewGuid())).MustBe(201).Position;
        Assert.True(next > head);
    }

    [Fact]
    public async Task Says_of_what_has_left_that_it_is_archived()
    {
        await DropAsync();
        // A process still knows what it appended last.
        await RestartAsync();
        var through = _ledger.Before - 1;
        var refused = (await _ledger.Api.Operator.GetAsync("/v1/ledger/events?after=0&limit=10")).MustRefuse(410, "events-archived");
        Assert.Equal(through, refused.Long("archivedThrough"));
        (await _ledger.Api.Operator.GetAsync($"/v1/ledger/events?after={through - 1}", accept: "application/x-ndjson")).MustRefuse(410, "events-archived");
        (await _ledger.Api.Operator.GetAsync($"/v1/ledger/events?after={through}")).MustBe(200);
        // What every start reads stays, so asking for it alone is complete.
        (await _ledger.Api.Operator.GetAsync("/v1/ledger/events?after=0&type=pool-opened.v1")).MustBe(200);

        var ledger = new PostgresLedger(_ledger.Database);
        var archived = await Assert.ThrowsAsync<ArchivedEventsException>(() => ledger.ReadAllAsync(0, 10, ["request-admitted.v1", "pool-opened.v1"], null, Ct));
        Assert.Equal(through, archived.Through);
        await Assert.ThrowsAsync<ArchivedEventsException>(() => ledger.ReadStreamAsync("pool-pool", 0, 1_000, Ct));
        await Assert.ThrowsAsync<ArchivedEventsException>(() => ledger.ReadStreamAsync("usage-pool", 0, 1_000, Ct));
        await Assert.ThrowsAsync<CommandFailure>(() => VerifyAsync());
    }

    [Fact]
    public async Task Puts_everything_back_for_an_audit_and_takes_it_out_again()
    {
        var before = await FingerprintAsync();
        await DropAsync();
        Assert.NotEqual(before, await FingerprintAsync());
        await using (var file = File.OpenRead(_ledger.File)) await _ledger.Archive.AttachAsync(file, Ct);
        Assert.Equal(before, await FingerprintAsync());
        Assert.Equal(0, await _ledger.AskAsync<long>("select count(*) from tl_archived_facts"));
        await VerifyAsync();
        (await _ledger.Api.Operator.GetAsync("/v1/ledger/events?after=0&limit=10")).MustBe(200);

        await using (var file = File.OpenRead(_ledger.File)) await _ledger.Archive.DropAsync(file, Ct);
        await KnowsWhatWasAsync();
    }

    /// <summary>Each line is what was hashed: a stranger needs sha256 and the tree, and nothing of ours.</summary>
    [Fact]
    public async Task Writes_the_very_bytes_that_were_sealed()
    {
        await _ledger.ExportAsync();
        var lines = await File.ReadAllLinesAsync(_ledger.File, Ct);
        Assert.Equal(_ledger.Before - 1, lines.Length);
        var tiles = await new SealedTree(_ledger.Database).TilesAsync(0, 0, 1, Ct);
        Assert.All(lines.Index(), line =>
            Assert.Equal(tiles[0].Hashes.AsSpan(line.Index * 32, 32).ToArray(), SHA256.HashData([0, .. System.Text.Encoding.UTF8.GetBytes(line.Item)])));
    }

    [Fact]
    public async Task Refuses_a_file_that_is_not_what_was_sealed()
    {
        await _ledger.ExportAsync();
        var lines = await File.ReadAllLinesAsync(_ledger.File, Ct);
        await RefusedAsync("is not the one that was sealed", [.. lines[..^1], lines[^1].Replace("\"version\":", "\"version\":1", StringComparison.Ordinal)]);
        await RefusedAsync("There is no event at position 3", [.. lines[..2], .. lines[3..]]);
        await RefusedAsync("is empty", []);
        await RefusedAsync("is no event", [.. lines, lines[^1][..20]]);
        await RefusedAsync("the archives end before position 1", lines[1..]);
        Assert.Equal(0, await _ledger.AskAsync<long>("select count(*) from tl_archives"));
    }

    [Fact]
    public async Task Refuses_to_take_out_what_somebody_still_needs()
    {
        await _ledger.ExportAsync();
        var lines = await File.ReadAllLinesAsync(_ledger.File, Ct);
        await new PostgresLedger(_ledger.Database).SaveCheckpointAsync("a-slow-reader", 2, Ct);
        await RefusedAsync("reader a-slow-reader has not come to position", lines);
        await _ledger.AskAsync<long>("with gone as (delete from mt_event_progression where name = 'a-slow-reader' returning 1) select count(*) from gone");

        // Books are closed at every turn here: a range that ends with the last ones leaves the pool nothing to start from.
        await using var wide = new MemoryStream();
        var last = await _ledger.AskAsync<long>("select max(seq_id) from mt_events where type = 'books-carried-forward.v1'");
        await _ledger.Api.Events.UntilAsync(() => _ledger.AskAsync<bool>("select coalesce(max(size), 0) >= $1 from tl_checkpoints", last));
        await _ledger.Archive.ExportAsync(wide, last + 1, Ct);
        wide.Position = 0;
        var refused = await Assert.ThrowsAsync<PostgresException>(() => _ledger.Archive.DropAsync(wide, Ct));
        Assert.Contains("the books of pool-pool were not closed", refused.MessageText, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("delete from mt_events where type = 'request-admitted.v1'")]
    [InlineData("insert into tl_archives (first_position, last_position) values (1, 2); delete from mt_events where seq_id <= 3")]
    [InlineData("insert into tl_archives (first_position, last_position) values (1, 9); delete from mt_events where type = 'pool-opened.v1'")]
    public async Task Refuses_to_delete_what_no_archive_has(string sql)
    {
        var refused = await Assert.ThrowsAsync<PostgresException>(() => _ledger.AskAsync<long>(sql));
        Assert.Contains("append-only", refused.MessageText, StringComparison.Ordinal);
    }

    private async Task RestartAsync()
    {
        await _ledger.Api.DisposeAsync();
        await _ledger.StartAsync();
    }

    private async Task<string> UsageAsync() => (await _ledger.Api.Operator.GetAsync("/v1/usage")).MustBe(200).Json["rows"]!.ToJsonString();

    private async Task<long> DropAsync()
    {
        await _ledger.ExportAsync();
        await using var file = File.OpenRead(_ledger.File);
        var (range, events) = await _ledger.Archive.DropAsync(file, Ct);
        Assert.Equal(new ArchiveRange(1, _ledger.Before - 1), range);
        return events;
    }

    private async Task RefusedAsync(string why, string[] lines)
    {
        await using var file = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(string.Join('\n', lines)));
        var refused = await Assert.ThrowsAnyAsync<Exception>(() => _ledger.Archive.DropAsync(file, Ct));
        Assert.Contains(why, refused.Message, StringComparison.Ordinal);
    }

    private async Task KnowsWhatWasAsync()
    {
        var gateway = _ledger.Api.With(_ledger.Key);
        Assert.Equal(_ledger.Admitted, (await gateway.AdmitAsync(_ledger.Settled)).MustBe(200).Body);
        (await gateway.AdmitAsync(_ledger.Settled, input: 1)).MustRefuse(409, "request-id-reused");
        Assert.True((bool)(await gateway.PostUsageAsync(_ledger.Usage)).MustBe(202).Json["duplicate"]!);
        (await gateway.PostAsync($"/v1/admissions/{_ledger.Open}/renew")).MustBe(200);
    }

    /// <summary>Decides everything again and checks every hash against the signed checkpoints.</summary>
    private async Task VerifyAsync()
    {
        await using var source = new PostgresEvents(_ledger.Connection);
        var replayed = await new LedgerVerification().RunAsync(source.ReadDenseAsync(await source.HeadAsync(Ct), Ct), Ct);
        Assert.True(replayed.Ok, replayed.Finding);
        await using var copy = PostgresCopy.Open(_ledger.Connection, LedgerDatabase.DefaultSchema);
        var verified = await new VerifyRun(copy, [], [], 2, (_, _) => { }).RunAsync(Ct);
        Assert.True(verified.Ok, verified.Finding?.Text);
    }

    private Task<string> FingerprintAsync() => _ledger.AskAsync<string>("select string_agg(md5(e::text), ' ' order by seq_id) from mt_events e where seq_id < $1", _ledger.Before);
}
