using System.Text.Json;
using System.Text.Json.Nodes;
using MassTransit;
using TokenLedger.Contracts;
using TokenLedger.Hosting;
using TokenLedger.Ledger;

namespace TokenLedger.Tests.Integration.Hosting;

public sealed class EventsOnTheBusTests
{
    public static TheoryData<string> WireNames => [.. EventCatalogue.Kinds.Select(kind => kind.WireName)];

    [Theory]
    [MemberData(nameof(WireNames))]
    public Task Every_event_is_on_the_bus_as_it_is_in_the_ledger(string wireName)
    {
        Assert.True(EventCatalogue.TryFind(wireName, out var kind));
        var check = typeof(EventsOnTheBusTests).GetMethod(nameof(CheckAsync), System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Static)!;
        return (Task)check.MakeGenericMethod(kind.Type).Invoke(null, [])!;
    }

    private static async Task CheckAsync<TEvent>() where TEvent : class, ILedgerEvent
    {
        var sent = new RecordedEvent(7, "a-stream", 3, Guid.NewGuid(), EventCatalogue.WireName<TEvent>(), Facts.Noon, (ILedgerEvent)Samples.Of(typeof(TEvent)), "c", null);
        var arrived = new TaskCompletionSource<(EventBatch<TEvent> Batch, string Body)>();
        await using var process = await (await BusProcess.StartAsync(new MemoryLedger(), null, BusProcess.BusAlone, _ => { })).ConnectedAsync();
        await process.Bus.ConnectReceiveEndpoint("listener", endpoint => endpoint.Handler<EventBatch<TEvent>>(context =>
        {
            arrived.TrySetResult((context.Message, context.ReceiveContext.Body.GetString()));
            return Task.CompletedTask;
        })).Ready;
        await EventTopic.Of(typeof(TEvent)).PublishAsync(process.Bus, new(5, 9, [sent]), Within.Patience());
        var (batch, body) = await arrived.Task.WaitAsync(Within.Patience());

        var e = Assert.Single(batch.Events);
        Assert.Equal((5, 9), (batch.Previous!.Value, batch.Through));
        Assert.Equal((sent.Position, sent.Stream, sent.Version, sent.Id, sent.Timestamp, sent.CorrelationId, sent.CausationId),
            (e.Position, e.Stream, e.Version, e.Id, e.Timestamp, e.CorrelationId, e.CausationId));
        Assert.Equal(EventCatalogue.Serialize(sent.Data), EventCatalogue.Serialize(e.Data));
        var onTheBus = JsonNode.Parse(body)!["message"]!["events"]![0]!["data"];
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(EventCatalogue.Serialize(sent.Data)), onTheBus), onTheBus!.ToJsonString());
    }

    [Fact]
    public void A_sample_leaves_nothing_out() =>
        Assert.Contains("kv-exceeded", JsonSerializer.Serialize(Samples.Of(typeof(RequestDenied)), EventCatalogue.Of(typeof(RequestDenied)).Json), StringComparison.Ordinal);
}
