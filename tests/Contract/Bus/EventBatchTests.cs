using System.Text.Json;
using System.Text.Json.Nodes;
using MassTransit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using TokenLedger.Contracts;
using TokenLedger.Hosting;

namespace TokenLedger.Tests.Contract;

/// <summary>What really travels on the bus: the batch in MassTransit's envelope, and the name by which its type is known there.</summary>
public sealed class EventBatchTests
{
    [Fact]
    public async Task Carries_events_as_they_are_in_the_ledger()
    {
        var data = (TokensConsumed)EventExamples.FullOf("tokens-consumed.v1");
        var id = EventIds.Usage(data.Source, data.EventId);
        var (envelope, _) = await SendAsync(new EventBatch<TokensConsumed>(
            Previous: 37, Through: 57, [new(41, "usage-chat", 7, id, EventExamples.Noon, data, "a-correlation", "a-cause")]), TestContext.Current.CancellationToken);
        var recorded = JsonNode.Parse(EventCatalogue.Serialize(data));
        Assert.True(JsonNode.DeepEquals(recorded, envelope["message"]!["events"]![0]!["data"]), envelope.ToJsonString());
        Snapshot.Json(JsonSerializer.SerializeToUtf8Bytes(new JsonObject { ["messageType"] = envelope["messageType"]!.DeepClone(), ["message"] = envelope["message"]!.DeepClone() }));
    }

    [Fact]
    public async Task Gives_back_the_batch_that_was_sent()
    {
        var sent = new EventBatch<CapacityChanged>(
            Previous: null, Through: 57, [new(57, "fleet-chat", 1, Guid.NewGuid(), EventExamples.Noon, (CapacityChanged)EventExamples.FullOf("capacity-changed.v1"), null, null)]);
        var (_, received) = await SendAsync(sent, TestContext.Current.CancellationToken);
        Assert.Equivalent(sent, received, strict: true);
    }

    private static async Task<(JsonObject Envelope, EventBatch<TEvent> Received)> SendAsync<TEvent>(EventBatch<TEvent> batch, CancellationToken ct) where TEvent : class, ILedgerEvent
    {
        await using var services = new ServiceCollection().AddLogging().AddTokenLedgerBus(new ConfigurationBuilder().Build()).BuildServiceProvider();
        var bus = services.GetRequiredService<IBusControl>();
        await bus.StartAsync(ct);
        try
        {
            var arrived = new TaskCompletionSource<(string, EventBatch<TEvent>)>(TaskCreationOptions.RunContinuationsAsynchronously);
            await bus.ConnectReceiveEndpoint("a-test", endpoint => endpoint.Handler<EventBatch<TEvent>>(context =>
            {
                arrived.TrySetResult((context.ReceiveContext.Body.GetString(), context.Message));
                return Task.CompletedTask;
            })).Ready;
            await bus.Publish(batch, ct);
            var (body, received) = await arrived.Task.WaitAsync(TimeSpan.FromSeconds(30), ct);
            return (JsonNode.Parse(body)!.AsObject(), received);
        }
        finally
        {
            await bus.StopAsync(CancellationToken.None);
        }
    }
}
