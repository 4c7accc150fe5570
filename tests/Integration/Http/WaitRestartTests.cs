using TokenLedger.Contracts;

namespace TokenLedger.Tests.Integration.Http;

/// <summary>Waiting requests when the process stops and another one goes on.</summary>
public sealed class WaitRestartTests(PostgresServer postgres)
{
    private const long WaitMs = 300_000;

    [Fact]
    public async Task Keep_their_places_over_a_restart_and_are_given_up_when_nobody_comes_back()
    {
        var connection = await postgres.CreateConnectionStringAsync("waits");
        (string, string)[] settings = [("Admission:SweepIntervalMs", "20"), ("Fairness:LoopMs", "10000")];
        var (holder, lost, kept, last) = (Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid());
        var answers = new List<Task<ApiAnswer>>();
        string key;
        await using (var before = await ApiInstance.StartAsync(connection, null, settings))
        {
            await before.OpenPoolAsync("pool", Bodies.Pool().But("replicas", "1").But("perReplica.sequences", "1").But("leaseSeconds", "86400").But("queue", """{"order":"fifo","maxWaitMs":600000}"""));
            await before.GrantAsync("pool", "chat", Bodies.Entitlement("elastic").But("baseline.sequences", "1"));
            key = (await before.IssueKeyAsync("pool", "chat")).Text("key");
            (await before.With(key).AdmitAsync(holder)).MustBe(201);
            foreach (var request in (Guid[])[lost, kept, last])
            {
                answers.Add(AskAsync(before.With(key), request));
                await before.Events.FirstAsync<RequestQueued>(e => e.Request.Value == request);
            }
            before.Stop();
            foreach (var answer in answers)
                Assert.Equal((1_000, "1"), ((await answer).MustRefuse(503, "stopping").Long("retryAfterMs"), (await answer).Header("Retry-After")));
        }
        var clock = new ShiftedTime();
        await using var after = await ApiInstance.StartAsync(connection, clock, settings);
        Assert.Equal(3, (int)(await after.LookAsync("pool", "chat")).Pool["waitingRequests"]!);
        var again = AskAsync(after.With(key), kept);
        (await after.With(key).DeleteAsync($"/v1/admissions/{holder}")).MustBe(200);
        // Its turn comes, and nobody would hear of it.
        await after.Events.FirstAsync<WaitAbandoned>(e => e.Request.Value == lost);
        (await again).MustBe(201);
        Assert.Empty(await after.Events.AllAsync<RequestAdmitted>(e => e.Request.Value == lost));
        clock.Skip(TimeSpan.FromMilliseconds(WaitMs));
        // The last waits to the end, unless its turn came before the second's client was back.
        await after.Events.UntilAsync(async () => (int)(await after.LookAsync("pool", "chat")).Pool["waitingRequests"]! == 0);
        var ends = (await after.Events.AllAsync<RequestDenied>(e => e.Request.Value == last && e.Reason == DenialReason.WaitExpired)).Count
            + (await after.Events.AllAsync<WaitAbandoned>(e => e.Request.Value == last)).Count;
        Assert.Equal(1, ends);
    }

    private static Task<ApiAnswer> AskAsync(ApiClient gateway, Guid request) => gateway.PostAsync("/v1/admissions", Bodies.Admission(request).But("waitMs", $"{WaitMs}"));
}
