using TokenLedger.Cli.Api;
using TokenLedger.Cli.Replay;
using TokenLedger.Contracts;
using TokenLedger.Tests.Integration.Http;

namespace TokenLedger.Tests.Integration.Audit;

/// <summary>An instance with a history: a pool, two entitlements, admissions, a refusal, settlements, a fairness tick, and what the API answered on the way.</summary>
public sealed class AuditFixture(PostgresServer postgres) : IAsyncLifetime
{
    public static readonly PoolId Pool = new("audited");
    private string _connection = "";

    internal ApiInstance Api { get; private set; } = null!;
    internal Guid Settled { get; } = Guid.NewGuid();
    internal Guid Refused { get; } = Guid.NewGuid();
    internal long Earlier { get; private set; }
    internal string EarlierPool { get; private set; } = "";

    /// <summary>The two ways to read a ledger.</summary>
    internal IEventSource Source(bool database) => database
        ? new PostgresEvents(_connection)
        : new ApiEvents(new(Connections.Open(new Uri(Api.Address + "/"), ApiInstance.OperatorKey, 4, TimeSpan.FromSeconds(60))), pageSize: 7);

    public async ValueTask InitializeAsync()
    {
        var clock = new StoppedTime();
        _connection = await postgres.CreateConnectionStringAsync("audit");
        Api = await ApiInstance.StartAsync(_connection, clock);
        // Leases outlast the history, or it would depend on whether the tick or the sweep is sooner.
        await Api.OpenPoolAsync(Pool.Value, Bodies.Pool().But("leaseSeconds", "86400"));
        // The first tick only starts the clock: one that came after the last step of a clock that stands would have no second.
        await Api.Events.UntilAsync(async () => (await Api.Operator.GetAsync($"/v1/pools/{Pool}/fairness")).MustBe(200).Json["tickAt"] is not null);
        var chat = await Api.EnterAsync(Pool.Value, "chat", Bodies.Entitlement("elastic").But("baseline.sequences", "1"));
        var batch = await Api.EnterAsync(Pool.Value, "batch", Bodies.Entitlement("guaranteed", "globex").But("baseline.sequences", "2"));
        clock.Skip(TimeSpan.FromSeconds(1));
        (await chat.AdmitAsync(Settled)).MustBe(201);
        for (var i = 0; i < 2; i++) (await chat.AdmitAsync(Guid.NewGuid())).MustBe(201);
        for (var i = 0; i < 2; i++) (await batch.AdmitAsync(Guid.NewGuid())).MustBe(201);
        (Earlier, EarlierPool) = (await Api.Events.HeadAsync(), (await Api.Operator.GetAsync($"/v1/pools/{Pool}")).MustBe(200).Body);

        clock.Skip(TimeSpan.FromSeconds(2));
        (await batch.AdmitAsync(Refused)).MustRefuse(429, "concurrency-exceeded");
        (await chat.UseAsync(Settled, output: 20)).MustBe(202);
        await Api.Events.FirstAsync<ReservationSettled>(e => e.Request.Value == Settled);
        // The tick is an hour long; what it publishes is applied by the pool, which is the last event of this history.
        clock.Skip(TimeSpan.FromHours(1));
        await Api.Events.FirstAsync<LimitsApplied>(e => e.LimitsPosition > 0);
    }

    public async ValueTask DisposeAsync() => await Api.DisposeAsync();
}
