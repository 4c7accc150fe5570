using TokenLedger.Admission.Pools;
using TokenLedger.Contracts;
using TokenLedger.Core.Pools;
using TokenLedger.Ledger;

namespace TokenLedger.Tests;

/// <summary>Closed books are one event, and one event has a bound: a pool with more open than fits keeps its last books, and goes on.</summary>
public sealed class LargeBooksTests
{
    private static readonly PoolId s_pool = new("a-pool");
    private static readonly EntitlementId s_entitlement = new("one");
    private static readonly Capacity s_capacity = new(1_000_000, 1_000_000, 10);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Are_closed_when_there_is_less_open_again()
    {
        var ledger = new MemoryLedger();
        await using var writer = new StreamWriter<PoolRequest, PoolReply>(
            ledger, new PoolModel(s_pool, ledger, new() { EventsPerBook = 1, OpenPerBook = 2 }), TimeProvider.System, new());
        await SendAsync(new ConfigurePool(new("a-model", 1, s_capacity, 1, 100, 10, 300, 1_000, new(1, 1, 0.8))));
        await SendAsync(new GrantEntitlement(s_entitlement, new(new("a-tenant"), ServiceClass.Elastic, 500, s_capacity, null, null)));
        List<RequestId> open = [];
        for (var i = 0; i < 3; i++)
        {
            open.Add(new(Guid.NewGuid()));
            await SendAsync(new Admit(open[^1], s_entitlement, 1, 1, null));
        }

        await SendAsync(new Sweep());
        Assert.Empty(await BooksAsync());
        await SendAsync(new Release(open[0], s_entitlement));
        await SendAsync(new Sweep());
        Assert.Equal([.. open[1..]], Assert.Single(await BooksAsync()).Open.Select(reservation => reservation.Request).ToHashSet());

        Task<PoolReply> SendAsync(PoolCommand command) => writer.SendAsync(new(command), Ct);

        async Task<List<BooksCarriedForward>> BooksAsync() =>
            [.. (await ledger.ReadAllAsync(0, 100, types: null, stream: null, Ct)).Events.Select(recorded => recorded.Data).OfType<BooksCarriedForward>()];
    }
}
