using System.ComponentModel.DataAnnotations;

namespace TokenLedger.Hosting;

/// <summary>How events travel between the services. Section <c>TokenLedger:Bus</c>.</summary>
public sealed class BusOptions : IValidatableObject
{
    public const string Section = "TokenLedger:Bus";

    /// <summary>AMQP address of the broker, credentials percent-encoded; absent = the in-memory transport of one process.</summary>
    public string? RabbitMq { get; set; }

    /// <summary>Messages that one endpoint may have in hand before it acknowledges them.</summary>
    [Range(1, 1_000)] public int Prefetch { get; set; } = 16;

    /// <summary>Messages that a queue holds at most; beyond it the oldest is dropped, which its reader sees as a gap.</summary>
    [Range(1, 1_000_000)] public int QueueLength { get; set; } = 10_000;

    /// <summary>Events in one message at most.</summary>
    [Range(1, 10_000)] public int BatchEvents { get; set; } = 500;

    /// <summary>Events that a publisher reads from the ledger in one round at most.</summary>
    [Range(1, 100_000)] public int RoundEvents { get; set; } = 2_000;

    /// <summary>How long a publisher waits for word of an append before it looks by itself.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")] public TimeSpan PublisherPatience { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a publisher lets more come after an append, so that one round covers many: events are as much later on the bus.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:10")] public TimeSpan Gather { get; set; } = TimeSpan.FromMilliseconds(10);

    /// <summary>How long the broker may take to confirm a message before the round is tried again.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:05:00")] public TimeSpan ConfirmTimeout { get; set; } = TimeSpan.FromSeconds(10);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!string.IsNullOrEmpty(RabbitMq) && !RabbitMqAddress.TryParse(RabbitMq, out _))
            yield return new ValidationResult(RabbitMqAddress.Rule, [nameof(RabbitMq)]);
    }

    /// <summary>With the bus in memory, where only this process can listen: publish also the types that none of its followers takes from the bus.</summary>
    public bool PublishUnheard { get; set; }
}
