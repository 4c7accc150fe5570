namespace TokenLedger.Ledger.Sealing;

/// <summary>What is sealed of one event. Texts are UTF-8 without escapes; <see cref="Data"/> is JSON in any form.</summary>
public ref struct EventFields
{
    public long Position { get; set; }
    public long Version { get; set; }
    public Guid Id { get; set; }

    /// <summary>Microseconds since 1970-01-01T00:00:00Z.</summary>
    public long UnixMicroseconds { get; set; }

    public ReadOnlySpan<byte> Stream { get; set; }
    public ReadOnlySpan<byte> Type { get; set; }
    public ReadOnlySpan<byte> Data { get; set; }

    /// <summary>Meaningless unless <see cref="HasCorrelationId"/>: an absent id and an empty one are two things.</summary>
    public ReadOnlySpan<byte> CorrelationId { get; set; }
    public bool HasCorrelationId { get; set; }
    public ReadOnlySpan<byte> CausationId { get; set; }
    public bool HasCausationId { get; set; }
}
