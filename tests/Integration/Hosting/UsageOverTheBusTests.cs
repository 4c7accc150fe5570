using System.Text;
using RabbitMQ.Client;
using TokenLedger.Contracts;
using TokenLedger.Tests.Integration.Http;

namespace TokenLedger.Tests.Integration.Hosting;

/// <summary>Usage that any AMQP client publishes. Each test has a broker of its own, because the queue has one name everywhere.</summary>
public sealed class UsageOverTheBusTests(PostgresServer postgres)
{
    private const string Usage = "tokenledger.usage";

    [Fact]
    public async Task Counts_every_event_once_however_often_it_comes_and_whoever_is_restarted()
    {
        await using var broker = new RabbitServer();
        await broker.StartAsync();
        var database = await postgres.CreateConnectionStringAsync("bus");
        var random = new Random(7);
        var events = Enumerable.Range(1, 400).Select(n => Bodies.Usage(Guid.NewGuid(), input: n, output: 2 * n, id: $"event-{n}").But("data.pool", "\"pool\"").ToJsonString()).ToList();
        var copies = events.SelectMany(one => Enumerable.Repeat(one, random.Next(1, 6))).ToArray();
        random.Shuffle(copies);
        // Singles and lists in turn, and more than one restart's worth of them.
        var messages = copies.Chunk(9).SelectMany((chunk, i) => i % 2 == 0 ? chunk : [$"[{string.Join(',', chunk)}]"]).ToList();

        await using var connection = await new ConnectionFactory { Uri = broker.AmqpUri }.CreateConnectionAsync(Within.Patience());
        await using var client = await OpenAsync(connection);
        await using (var first = await StartAsync(database, broker))
        {
            await first.OpenPoolAsync("pool");
            await first.Events.UntilAsync(() => ConsumesAsync(client));
            await PublishAsync(client, messages.Take(messages.Count / 2));
            await first.Events.FirstAsync<TokensConsumed>(_ => true);
        }
        await PublishAsync(client, messages.Skip(messages.Count / 2));
        await using var second = await StartAsync(database, broker);
        await second.Events.UntilAsync(async () => await CountAsync(client, Usage) == 0 && (await second.Events.AllAsync<TokensConsumed>(_ => true)).Count == events.Count);

        var row = Assert.Single((await second.Operator.GetAsync($"/v1/usage?atLeast={await second.Events.HeadAsync()}")).MustBe(200).Json["rows"]!.AsArray())!;
        Assert.Equal((400, 80_200, 160_400), ((long)row["requests"]!, (long)row["inputTokens"]!, (long)row["outputTokens"]!));
        Assert.Equal(0u, await CountAsync(client, Usage + ".error"));
    }

    [Fact]
    public async Task Puts_what_can_never_be_taken_into_the_error_queue_with_the_reason()
    {
        await using var broker = new RabbitServer();
        await broker.StartAsync();
        await using var product = await StartAsync(await postgres.CreateConnectionStringAsync("bus"), broker);
        await using var connection = await new ConnectionFactory { Uri = broker.AmqpUri }.CreateConnectionAsync(Within.Patience());
        await using var client = await OpenAsync(connection);
        await product.Events.UntilAsync(() => ConsumesAsync(client));
        var good = Bodies.Usage(Guid.NewGuid(), id: "good").ToJsonString();
        var (conflict, wrong) = (Bodies.Usage(Guid.NewGuid(), id: "good").ToJsonString(), Bodies.Usage(Guid.NewGuid()).With("data.outputTokens", "-1"));
        await PublishAsync(client, [good]);
        await product.Events.FirstAsync<TokensConsumed>(_ => true);
        await PublishAsync(client, ["no JSON", $"[{good},{wrong},{conflict}]"]);
        await product.Events.UntilAsync(async () => await CountAsync(client, Usage + ".error") == 3);

        Dictionary<string, (string Reason, int Status, string Detail)> refused = [];
        for (var i = 0; i < 3; i++)
        {
            var message = (await client.BasicGetAsync(Usage + ".error", autoAck: true, TestContext.Current.CancellationToken))!;
            string Header(string name) => Encoding.UTF8.GetString((byte[])message.BasicProperties.Headers![name]!);
            refused[Encoding.UTF8.GetString(message.Body.Span)] = (Header("x-tokenledger-reason"), (int)message.BasicProperties.Headers!["x-tokenledger-status"]!, Header("x-tokenledger-detail"));
            Assert.True(message.BasicProperties.Persistent);
        }
        Assert.Equal(("invalid-input", 400), (refused["no JSON"].Reason, refused["no JSON"].Status));
        Assert.Contains("data.outputTokens", refused[wrong].Detail, StringComparison.Ordinal);
        Assert.Equal(("event-id-reused", 409), (refused[conflict].Reason, refused[conflict].Status));
        Assert.Single(await product.Events.AllAsync<TokensConsumed>(_ => true));
        Assert.Equal(0u, await CountAsync(client, Usage));
    }

    private static Task<ApiInstance> StartAsync(string database, RabbitServer broker) =>
        ApiInstance.StartAsync(database, clock: null, ("Bus:RabbitMq", broker.AmqpUri.ToString()), ("Followers:RetryFirst", "00:00:00.010"), ("Followers:CatchUpInterval", "00:00:00.050"));

    private static Task<IChannel> OpenAsync(IConnection connection) =>
        connection.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true));

    private static async Task PublishAsync(IChannel client, IEnumerable<string> messages)
    {
        foreach (var message in messages)
            await client.BasicPublishAsync(Usage, routingKey: "", mandatory: true, new BasicProperties { Persistent = true, ContentType = "application/cloudevents+json" }, Encoding.UTF8.GetBytes(message));
    }

    private static async Task<uint> CountAsync(IChannel client, string queue) => (await client.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false, cancellationToken: TestContext.Current.CancellationToken)).MessageCount;

    /// <summary>True when the product consumes: by then the exchange is there and bound.</summary>
    private static async Task<bool> ConsumesAsync(IChannel client)
    {
        await client.QueueDeclareAsync(Usage, durable: true, exclusive: false, autoDelete: false, cancellationToken: TestContext.Current.CancellationToken);
        return await client.ConsumerCountAsync(Usage, TestContext.Current.CancellationToken) > 0;
    }
}
