using System.Text.Json.Serialization;

namespace TokenLedger.Contracts;

/// <summary>What a request holds: tokens (count), KV-cache bytes, sequences (batch slots). Never negative in an event.</summary>
public readonly record struct Resources(long Tokens, long KvCacheBytes, int Sequences)
{
    public static Resources operator +(Resources a, Resources b) => new(a.Tokens + b.Tokens, a.KvCacheBytes + b.KvCacheBytes, a.Sequences + b.Sequences);
    public static Resources operator -(Resources a, Resources b) => new(a.Tokens - b.Tokens, a.KvCacheBytes - b.KvCacheBytes, a.Sequences - b.Sequences);
    public static Resources Add(Resources left, Resources right) => left + right;
    public static Resources Subtract(Resources left, Resources right) => left - right;

    /// <summary>The smaller amount in each dimension.</summary>
    public static Resources Min(Resources a, Resources b) =>
        new(Math.Min(a.Tokens, b.Tokens), Math.Min(a.KvCacheBytes, b.KvCacheBytes), Math.Min(a.Sequences, b.Sequences));

    [JsonIgnore]
    public bool IsZero => Tokens == 0 && KvCacheBytes == 0 && Sequences == 0;
    [JsonIgnore]
    public bool HasNegative => Tokens < 0 || KvCacheBytes < 0 || Sequences < 0;
}

/// <summary>Totals over all time, in tokens, KV-cache bytes and sequences. 128 bits: KV bytes alone pass 64 bits after some billion requests.</summary>
public readonly record struct Totals(Int128 Tokens, Int128 KvCacheBytes, Int128 Sequences)
{
    public static Totals operator +(Totals a, Totals b) => new(a.Tokens + b.Tokens, a.KvCacheBytes + b.KvCacheBytes, a.Sequences + b.Sequences);
    public static Totals operator +(Totals a, Resources b) => new(a.Tokens + b.Tokens, a.KvCacheBytes + b.KvCacheBytes, a.Sequences + b.Sequences);
    public static Totals Add(Totals left, Resources right) => left + right;
}

/// <summary>A capacity, baseline or limit: a rate (tokens per second) and two stocks (KV-cache bytes, sequences).</summary>
public readonly record struct Capacity(long TokensPerSecond, long KvCacheBytes, int Sequences)
{
    public static Capacity operator +(Capacity a, Capacity b) => new(a.TokensPerSecond + b.TokensPerSecond, a.KvCacheBytes + b.KvCacheBytes, a.Sequences + b.Sequences);
    public static Capacity operator *(Capacity a, int factor) => new(a.TokensPerSecond * factor, a.KvCacheBytes * factor, a.Sequences * factor);
    public static Capacity Add(Capacity left, Capacity right) => left + right;
    public static Capacity Multiply(Capacity left, int right) => left * right;

    /// <summary>What is left of this capacity after <paramref name="other"/>, at least zero in each dimension.</summary>
    public Capacity Less(Capacity other) =>
        new(Math.Max(0, TokensPerSecond - other.TokensPerSecond), Math.Max(0, KvCacheBytes - other.KvCacheBytes), Math.Max(0, Sequences - other.Sequences));

    /// <summary>The smaller amount in each dimension.</summary>
    public static Capacity Min(Capacity a, Capacity b) =>
        new(Math.Min(a.TokensPerSecond, b.TokensPerSecond), Math.Min(a.KvCacheBytes, b.KvCacheBytes), Math.Min(a.Sequences, b.Sequences));

    /// <summary>True when this fits into <paramref name="whole"/> in every dimension.</summary>
    public bool FitsIn(Capacity whole) =>
        TokensPerSecond <= whole.TokensPerSecond && KvCacheBytes <= whole.KvCacheBytes && Sequences <= whole.Sequences;
}

/// <summary>The five service classes, in the order in which they are protected.</summary>
public enum ServiceClass { Dedicated, Guaranteed, Elastic, Spot, Preemptible }

/// <summary>Pending before its validity, Bound while its baseline fits today's capacity, Degraded while it fits only the largest, then Expired or Revoked for good.</summary>
public enum EntitlementState { Pending, Bound, Degraded, Expired, Revoked }

/// <summary>How a request ended at the engine.</summary>
public enum Outcome { Completed, Aborted, Failed }

/// <summary>What an operator key may do. <see cref="Operator"/> may do everything.</summary>
public enum Role { Operator, Finance, Auditor, Gateway, Autoscaler }

/// <summary>The rule that refused an admission.</summary>
public enum DenialReason
{
    EntitlementUnknown, EntitlementNotBound, NeverFits, ConcurrencyExceeded, TokensExceeded, KvExceeded,
    PoolExhausted, LowPriority, NoCapacity, WaitExpired, BudgetExhausted,
}
