using Npgsql;
using TokenLedger.Contracts;
using TokenLedger.Ledger;

namespace TokenLedger.Tests;

public sealed class ProjectorTests(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncLifetime
{
    private static readonly string s_capacity = EventCatalogue.WireName<CapacityChanged>();
    private readonly ReplicaSum _projection = new();
    private NpgsqlDataSource _source = null!;
    private PostgresLedger _ledger = null!;
    private Projector _projector = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _source = await database.OpenLedgerAsync(Ct);
        _ledger = new PostgresLedger(_source);
        _projector = new(_source, _ledger);
        await ExecuteAsync("create table replica_sum (total bigint not null); insert into replica_sum values (0)");
        await _ledger.AppendAsync("a", 0, [Facts.Capacity(1), Facts.KeyRevoked("k"), Facts.Capacity(10), Facts.Capacity(100)], Ct);
    }

    public ValueTask DisposeAsync() => _source.DisposeAsync();

    [Fact]
    public async Task Applies_its_types_and_moves_the_checkpoint()
    {
        Assert.Equal(4, await _projector.ApplyAsync(_projection, await AllAsync(), 4, Ct));
        Assert.Equal((111, 4), await StateAsync());
    }

    [Fact]
    public async Task Skips_what_is_at_or_below_the_checkpoint()
    {
        var all = await AllAsync();
        await _projector.ApplyAsync(_projection, [.. all.Take(3)], 3, Ct);
        Assert.Equal(4, await _projector.ApplyAsync(_projection, all, 4, Ct));
        Assert.Equal((111, 4), await StateAsync());
        Assert.Equal(4, await _projector.ApplyAsync(_projection, [.. all.Take(1)], 1, Ct));
        Assert.Equal((111, 4), await StateAsync());
    }

    [Fact]
    public async Task Moves_on_over_events_of_other_types()
    {
        Assert.Equal(2, await _projector.ApplyAsync(_projection, [], 2, Ct));
        Assert.Equal((0, 2), await StateAsync());
    }

    [Fact]
    public async Task Keeps_neither_rows_nor_checkpoint_when_it_fails()
    {
        _projection.Failure = new InvalidOperationException("on purpose");
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await _projector.ApplyAsync(_projection, await AllAsync(), 4, Ct));
        Assert.Equal((0, 0), await StateAsync());
        _projection.Failure = null;
        await _projector.ApplyAsync(_projection, await AllAsync(), 4, Ct);
        Assert.Equal((111, 4), await StateAsync());
    }

    [Fact]
    public async Task Refuses_events_beyond_the_position_it_is_to_reach()
    {
        await Assert.ThrowsAsync<ArgumentException>(async () => await _projector.ApplyAsync(_projection, await AllAsync(), 3, Ct));
        Assert.Equal((0, 0), await StateAsync());
    }

    [Fact]
    public async Task Counts_every_event_once_when_projectors_race()
    {
        var version = 4L;
        for (var round = 0; round < 5; round++, version += 100) await _ledger.AppendAsync("a", version, [.. Enumerable.Repeat(0, 100).Select(_ => Facts.Capacity(1))], Ct);
        await Task.WhenAll(Enumerable.Range(0, 6).Select(n => Task.Run(() => new Projector(_source, _ledger).CatchUpAsync(_projection, 7 + n, Ct), Ct)));
        Assert.Equal((611, 504), await StateAsync());
    }

    private async Task<IReadOnlyList<RecordedEvent>> AllAsync() => (await _ledger.ReadAllAsync(0, 100, null, null, Ct)).Events;

    private async Task<(long Total, long Checkpoint)> StateAsync()
    {
        await using var command = _source.CreateCommand("select total from replica_sum");
        return ((long)(await command.ExecuteScalarAsync(Ct))!, await _ledger.LoadCheckpointAsync(_projection.Name, Ct));
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var command = _source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Ct);
    }

    private sealed class ReplicaSum : IProjection
    {
        public string Name => "replica-sum";
        public IReadOnlyCollection<string> Types => [s_capacity];
        public Exception? Failure { get; set; }

        public async Task ApplyAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, IReadOnlyList<RecordedEvent> events, CancellationToken ct)
        {
            await using var command = new NpgsqlCommand("update replica_sum set total = total + $1", connection, transaction);
            command.Parameters.Add(new() { Value = events.Sum(recorded => (long)((CapacityChanged)recorded.Data).Replicas) });
            await command.ExecuteNonQueryAsync(ct);
            if (Failure is not null) throw Failure;
        }
    }
}
