using System.Net;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using TokenLedger.Contracts;
using TokenLedger.Hosting;
using TokenLedger.Ledger;

namespace TokenLedger.Tests.Integration.Hosting;

public sealed class HealthTests
{
    private static readonly (string, string) s_impatient = ("TokenLedger:Health:StallSeconds", "1");

    [Fact]
    public async Task Is_ready_when_every_projection_has_kept_up()
    {
        var ledger = new MemoryLedger();
        await ledger.AppendAsync("fleet-a", 0, Facts.Capacities(3), Within.Patience());
        await using var process = await WebProcess.StartAsync(ledger, Following(new SeenEvents()));
        await process.Follower("a-view").WaitForAsync(3, Within.Patience());
        var answer = await UntilAsync(process, HttpStatusCode.OK);
        Assert.Equal("ready", (string?)answer["status"]);
        Assert.Equal(["bus", "database", "projections"], answer["checks"]!.AsArray().Select(check => (string?)check!["name"]));
        var projection = Assert.Single(answer["projections"]!.AsArray())!;
        Assert.Equal(("a-view", 3L, 3L, 0L, 0.0),
            ((string)projection["name"]!, (long)projection["position"]!, (long)projection["head"]!, (long)projection["lag"]!, (double)projection["secondsStanding"]!));
    }

    [Fact]
    public async Task Is_not_ready_when_a_projection_stands_still_behind_the_head_and_ready_again_when_it_moves()
    {
        var ledger = new MemoryLedger();
        var seen = new SeenEvents { FailuresToCome = -1 };
        await using var process = await WebProcess.StartAsync(ledger, Following(seen), s_impatient);
        await UntilAsync(process, HttpStatusCode.OK);
        await ledger.AppendAsync("fleet-a", 0, Facts.Capacities(2), Within.Patience());
        var answer = await UntilAsync(process, HttpStatusCode.ServiceUnavailable);
        // It may stand still for a moment before its first failure is known.
        for (var patience = Within.Patience(); !Detail(answer, "projections").Contains(nameof(InvalidOperationException), StringComparison.Ordinal); patience.ThrowIfCancellationRequested())
            answer = await UntilAsync(process, HttpStatusCode.ServiceUnavailable);
        var projection = Assert.Single(answer["projections"]!.AsArray())!;
        Assert.Equal((0L, 2L), ((long)projection["position"]!, (long)projection["lag"]!));
        Assert.True((double)projection["secondsStanding"]! > 1);
        Assert.Contains("a-view has stood at 0", Detail(answer, "projections"), StringComparison.Ordinal);
        seen.FailuresToCome = 0;
        await UntilAsync(process, HttpStatusCode.OK);
    }

    [Fact]
    public async Task Is_alive_but_not_ready_without_its_broker()
    {
        await using var broker = new RabbitServer();
        await using var process = await WebProcess.StartAsync(new MemoryLedger(), _ => { }, ("TokenLedger:Bus:RabbitMq", broker.AmqpUri.ToString()));
        var answer = await UntilAsync(process, HttpStatusCode.ServiceUnavailable);
        Assert.NotEqual("healthy", (string?)Check(answer, "bus")["status"]);
        Assert.DoesNotContain(broker.AmqpUri.UserInfo.Split(':')[1], answer.ToJsonString(), StringComparison.Ordinal);
        using var live = await process.Http.GetAsync(new Uri("/livez", UriKind.Relative), Within.Patience());
        Assert.Equal("""{"status":"live"}""", await live.Content.ReadAsStringAsync(Within.Patience()));
    }

    [Fact]
    public async Task Is_not_ready_without_its_database()
    {
        // Nothing listens on port 1.
        await using var nowhere = LedgerDatabase.Open("Host=127.0.0.1;Port=1;Username=nobody;Password=a-secret;Database=none");
        await using var process = await WebProcess.StartAsync(new PostgresLedger(nowhere), Following(new SeenEvents()));
        var answer = await UntilAsync(process, HttpStatusCode.ServiceUnavailable);
        Assert.Equal("unhealthy", (string?)Check(answer, "database")["status"]);
        Assert.DoesNotContain("nobody", answer.ToJsonString(), StringComparison.Ordinal);
    }

    private static Action<IServiceCollection> Following(SeenEvents seen) => services => services.AddLedgerFollower("a-view", [typeof(CapacityChanged)], _ => seen);

    private static JsonNode Check(JsonNode answer, string name) => answer["checks"]!.AsArray().Single(check => (string?)check!["name"] == name)!;

    private static string Detail(JsonNode answer, string name) => (string?)Check(answer, name)["detail"] ?? "";

    /// <summary>Asks again at a steady pace until the answer has this status.</summary>
    private static async Task<JsonNode> UntilAsync(WebProcess process, HttpStatusCode status)
    {
        var patience = Within.Patience();
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        do
        {
            using var response = await process.Http.GetAsync(new Uri("/readyz", UriKind.Relative), patience);
            if (response.StatusCode == status) return (await JsonNode.ParseAsync(await response.Content.ReadAsStreamAsync(patience), cancellationToken: patience))!;
        }
        while (await pace.WaitForNextTickAsync(patience));
        throw new InvalidOperationException("A timer that is not stopped always ticks again.");
    }
}
