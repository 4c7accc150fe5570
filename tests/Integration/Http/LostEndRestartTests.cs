using TokenLedger.Contracts;
using TokenLedger.Tests.Integration.Hosting;

namespace TokenLedger.Tests.Integration.Http;

/// <summary>Lost ends when Metering was restarted between the reports and the expiry, and when there are two of it.</summary>
public sealed class LostEndRestartTests(PostgresServer postgres)
{
    private const int Requests = 20;

    [Fact]
    public async Task Bills_each_lost_end_once_after_a_restart_and_with_two_instances()
    {
        var (database, clock) = (await postgres.CreateConnectionStringAsync("lost"), new ShiftedTime());
        var requests = Enumerable.Range(0, Requests).Select(_ => Guid.NewGuid()).ToList();
        string key;
        await using (var before = await StartAsync(database, clock))
        {
            await before.OpenPoolAsync("pool");
            await before.GrantAsync("pool", "chat", Bodies.Entitlement().But("baseline.sequences", "64"));
            key = (await before.IssueKeyAsync("pool", "chat")).Text("key");
            foreach (var request in requests)
            {
                (await before.With(key).AdmitAsync(request)).MustBe(201);
                (await before.With(key).PostUsageAsync(Bodies.Streamed(request, output: 33))).MustBe(202);
            }
        }
        clock.Skip(TimeSpan.FromMinutes(6));
        await using var first = await StartAsync(database, clock);
        await using var second = await StartAsync(database, clock);
        await first.Events.UntilAsync(async () => (await first.Events.AllAsync<ReservationExpired>(_ => true)).Count == Requests);
        var head = await first.Events.HeadAsync();
        foreach (var instance in (ApiInstance[])[first, second]) await instance.Follower("metering-lost-ends").WaitForAsync(head, Within.Patience());

        var lost = await first.Events.AllAsync<TokensConsumed>(e => e.EndLost == true);
        Assert.Equal(requests.Order(), lost.Select(e => e.Data.Request.Value).Order());
        Assert.All(lost, e => Assert.Equal((100, 33), (e.Data.InputTokens, e.Data.OutputTokens)));

        // Both instances take in the same true ends.
        await Task.WhenAll(requests.SelectMany(request => (ApiInstance[])[first, second], async (request, instance) =>
            (await instance.With(key).PostUsageAsync(Bodies.Usage(request, output: 60, id: request.ToString()))).MustBe(202)));
        Assert.Equal(Requests, (await first.Events.AllAsync<UsageCorrected>(e => e is { Requests: -1, InputTokens: -100, OutputTokens: -33 })).Count);
        var row = Assert.Single((await second.Operator.GetAsync($"/v1/usage?atLeast={await second.Events.HeadAsync()}")).MustBe(200).Json["rows"]!.AsArray())!;
        Assert.Equal((Requests, 100 * Requests, 60 * Requests), ((long)row["requests"]!, (long)row["inputTokens"]!, (long)row["outputTokens"]!));
    }

    private static Task<ApiInstance> StartAsync(string database, TimeProvider clock) =>
        ApiInstance.StartAsync(database, clock, ("Admission:SweepIntervalMs", "50"), ("Followers:CatchUpInterval", "00:00:00.050"));
}
