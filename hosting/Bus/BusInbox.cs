using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace TokenLedger.Hosting;

/// <summary>A part of a message that can never be taken, and why.</summary>
public sealed record RefusedPart(ReadOnlyMemory<byte> Body, int Status, string Reason, string Detail);

/// <summary>Takes messages that programs outside of the product publish: plain bodies, without the product's envelope.</summary>
public interface IInboxHandler
{
    /// <summary>Name of the exchange and of the queue bound to it; what is refused goes to the queue of that name with <c>.error</c> behind.</summary>
    string Name { get; }

    /// <summary>Returns when everything in the message is durable, or never can be. When it throws, the message comes again, after a pause.</summary>
    Task<IReadOnlyList<RefusedPart>> TakeAsync(ReadOnlyMemory<byte> body, CancellationToken ct);
}

/// <summary>
/// Consumes one queue of the broker, if there is a broker. A message is acknowledged when what it holds is durable: recorded, or in the error queue with the reason.
/// Until then the broker keeps it, also when this process dies; so it may come more than once, and its handler must know it again.
/// </summary>
internal sealed class BusInbox(IInboxHandler handler, IOptions<BusOptions> options, RetryPace pace, ILogger<BusInbox> logger) : BackgroundService
{
    private const int LongestDetail = 1_000;
    private static readonly TimeSpan s_heartbeat = TimeSpan.FromSeconds(10);
    private readonly Outage _outage = new($"The inbox {handler.Name}", pace, logger);

    private string ErrorQueue => handler.Name + ".error";

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!RabbitMqAddress.TryParse(options.Value.RabbitMq, out var address)) return;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await ConsumeAsync(Factory(address), stoppingToken);
            }
            catch (Exception error)
            {
                if (stoppingToken.IsCancellationRequested) return;
                // What was not acknowledged goes back to the queue with the connection.
                await _outage.PauseAsync(error, stoppingToken);
            }
        }
    }

    /// <summary>Consumes until something fails.</summary>
    private async Task ConsumeAsync(ConnectionFactory factory, CancellationToken ct)
    {
        await using var connection = await factory.CreateConnectionAsync(ct);
        await using var channel = await connection.CreateChannelAsync(
            new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true, consumerDispatchConcurrency: (ushort)options.Value.Prefetch), ct);
        await DeclareAsync(channel, ct);
        var failed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += async (_, message) =>
        {
            try
            {
                await TakeAsync(channel, message, ct);
                _outage.Over();
            }
            catch (Exception error)
            {
                failed.TrySetException(error);
            }
        };
        channel.ChannelShutdownAsync += (_, reason) =>
        {
            failed.TrySetException(new IOException($"The broker closed the channel: {reason.ReplyText}"));
            return Task.CompletedTask;
        };
        await channel.BasicConsumeAsync(handler.Name, autoAck: false, consumer, ct);
        await failed.Task.WaitAsync(ct);
    }

    private async Task DeclareAsync(IChannel channel, CancellationToken ct)
    {
        await channel.ExchangeDeclareAsync(handler.Name, ExchangeType.Fanout, durable: true, cancellationToken: ct);
        await channel.QueueDeclareAsync(handler.Name, durable: true, exclusive: false, autoDelete: false, cancellationToken: ct);
        await channel.QueueDeclareAsync(ErrorQueue, durable: true, exclusive: false, autoDelete: false, cancellationToken: ct);
        await channel.QueueBindAsync(handler.Name, handler.Name, routingKey: "", cancellationToken: ct);
        await channel.BasicQosAsync(prefetchSize: 0, (ushort)options.Value.Prefetch, global: false, ct);
    }

    private async Task TakeAsync(IChannel channel, BasicDeliverEventArgs message, CancellationToken ct)
    {
        foreach (var refused in await handler.TakeAsync(message.Body, ct))
        {
            var properties = new BasicProperties
            {
                Persistent = true,
                ContentType = message.BasicProperties.ContentType,
                MessageId = message.BasicProperties.MessageId,
                Headers = new Dictionary<string, object?>
                {
                    ["x-tokenledger-status"] = refused.Status,
                    ["x-tokenledger-reason"] = refused.Reason,
                    ["x-tokenledger-detail"] = refused.Detail.Length <= LongestDetail ? refused.Detail : refused.Detail[..LongestDetail],
                },
            };
            await channel.BasicPublishAsync("", ErrorQueue, mandatory: true, properties, refused.Body, ct);
        }
        await channel.BasicAckAsync(message.DeliveryTag, multiple: false, ct);
    }

    private static ConnectionFactory Factory(RabbitMqAddress address) => new()
    {
        HostName = address.Host,
        Port = address.Port,
        VirtualHost = address.VirtualHost,
        UserName = address.User,
        Password = address.Password,
        Ssl = new SslOption(address.Host, enabled: address.Tls),
        RequestedHeartbeat = s_heartbeat,
        AutomaticRecoveryEnabled = false,
    };
}
