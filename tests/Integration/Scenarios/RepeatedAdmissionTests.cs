using TokenLedger.Admission;
using TokenLedger.Admission.Pools;
using TokenLedger.Contracts;
using TokenLedger.Core.Pools;
using TokenLedger.Ledger;

namespace TokenLedger.Tests;

/// <summary>An admitted id is good for ever, although admissions are decided without a look at the ledger: whatever became of it, and however long ago.</summary>
public sealed class RepeatedAdmissionTests : IAsyncLifetime
{
    private const int MoreThanTheCautiousBatches = 1_010;
    private static readonly PoolId s_pool = new("a-pool");
    private static readonly EntitlementId s_entitlement = new("one");
    private static readonly Capacity s_capacity = new(1_000_000, 1_000_000, 2);
    private readonly HookedLedger _ledger = new(new MemoryLedger());
    private StreamWriter<PoolRequest, PoolReply> _writer = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _writer = Write();
        await SendAsync(new ConfigurePool(new("a-model", 1, s_capacity, 1, 100, 10, 300, 1_000, new(1, 1, 0.8))));
        await SendAsync(new GrantEntitlement(s_entitlement, new(new("a-tenant"), ServiceClass.Elastic, 500, s_capacity, null, null)));
    }

    public ValueTask DisposeAsync() => _writer.DisposeAsync();

    [Fact]
    public async Task Looks_for_no_id_that_is_new()
    {
        await BecomeCarelessAsync();
        var looks = _ledger.Looks;
        Assert.IsType<Admitted>((await SendAsync(Ask(NewId()))).Answer);
        Assert.Equal(looks, _ledger.Looks);
    }

    [Fact]
    public async Task Knows_an_ended_request_again_and_admits_it_once()
    {
        var id = NewId();
        var first = await SendAsync(Ask(id));
        await SendAsync(new Release(id, s_entitlement));
        await BecomeCarelessAsync();
        await AssertRepeatedAsync(id, first);
    }

    [Fact]
    public async Task Knows_a_request_again_that_ended_before_the_books_were_closed()
    {
        var (id, first) = await EndInClosedBooksAsync();
        await AssertRepeatedAsync(id, first);
        Assert.IsType<Admitted>((await SendAsync(Ask(NewId()))).Answer);
    }

    [Fact]
    public async Task Knows_an_ended_request_again_when_there_is_no_room()
    {
        var (id, first) = await EndInClosedBooksAsync();
        for (var i = 0; i < s_capacity.Sequences; i++) await SendAsync(Ask(NewId()));
        await AssertRepeatedAsync(id, first);
        Assert.IsType<Denied>((await SendAsync(Ask(NewId()))).Answer);
    }

    [Fact]
    public async Task Says_of_an_ended_request_that_it_has_ended()
    {
        var id = NewId();
        await SendAsync(Ask(id));
        await BecomeCarelessAsync();
        await SendAsync(new Release(id, s_entitlement));
        Assert.IsType<Ended>((await SendAsync(new Renew(id, s_entitlement))).Answer);
        Assert.IsType<NotOpen>((await SendAsync(new Renew(NewId(), s_entitlement))).Answer);
    }

    [Fact]
    public async Task Settles_usage_of_an_ended_request_without_deferring_it()
    {
        var id = NewId();
        await SendAsync(Ask(id));
        await BecomeCarelessAsync();
        // All in one batch or not, the second finds the reservation gone and must not take it for usage that came early.
        await Task.WhenAll(SendAsync(new Release(id, s_entitlement)), SendAsync(new Settle(id, 1, 1, 1, AdmissionRecorded: false)));
        Assert.DoesNotContain((await _ledger.ReadStreamAsync(Streams.Pool(s_pool), 0, 1_000, Ct)), e => e.Data is SettlementDeferred);
    }

    [Fact]
    public async Task Admits_once_what_comes_and_goes_and_comes_again_at_once()
    {
        await BecomeCarelessAsync();
        var id = NewId();
        var replies = await Task.WhenAll(SendAsync(Ask(id)), SendAsync(new Release(id, s_entitlement)), SendAsync(Ask(id)), SendAsync(Ask(id)));
        Assert.Single(await AdmissionsAsync(id));
        Assert.Single(replies, reply => reply.Answer is Admitted);
        Assert.Equal(2, replies.Count(reply => reply.Answer is Recorded));
    }

    private async Task AssertRepeatedAsync(RequestId id, PoolReply first)
    {
        var again = await SendAsync(Ask(id));
        Assert.Equal(((Admitted)first.Answer!).Event, Assert.IsType<Recorded>(again.Answer).Event);
        Assert.Equal(first.Position, again.Position);
        Assert.Single(await AdmissionsAsync(id));
    }

    private async Task<IEnumerable<RecordedEvent>> AdmissionsAsync(RequestId id) =>
        (await _ledger.ReadStreamAsync(Streams.Pool(s_pool), 0, 1_000, Ct)).Where(e => e.Data is RequestAdmitted admitted && admitted.Request == id);

    /// <summary>After a load the pool looks for every id for a while. A batch each, in which nothing is decided.</summary>
    private async Task BecomeCarelessAsync()
    {
        for (var i = 0; i < MoreThanTheCautiousBatches; i++) await _writer.SendAsync(new(null), Ct);
    }

    /// <summary>An admission that ended, and whose books are closed, before a writer that no longer looks for every id.</summary>
    private async Task<(RequestId Id, PoolReply First)> EndInClosedBooksAsync()
    {
        var id = NewId();
        var first = await SendAsync(Ask(id));
        await SendAsync(new Release(id, s_entitlement));
        await SendAsync(new CloseBooks());
        await _writer.DisposeAsync();
        _writer = Write();
        await BecomeCarelessAsync();
        return (id, first);
    }

    private Task<PoolReply> SendAsync(PoolCommand command) => _writer.SendAsync(new(command), Ct);

    private StreamWriter<PoolRequest, PoolReply> Write() => new(_ledger, new PoolModel(s_pool, _ledger, new AdmissionOptions()), TimeProvider.System, new StreamWriterOptions());

    private static Admit Ask(RequestId id) => new(id, s_entitlement, 10, 10, null);

    private static RequestId NewId() => new(Guid.NewGuid());
}
