namespace TokenLedger.Client;

/// <summary>Where the services are, and how patient the client is with them.</summary>
public sealed record TokenLedgerClientOptions
{
    /// <summary>Address of the admission service, or of an instance that runs everything.</summary>
    public required Uri Admission { get; init; }

    /// <summary>Address of the metering service; the same as <see cref="Admission"/> when left out.</summary>
    public Uri? Metering { get; init; }

    /// <summary>How often one call is sent at most. Every call may be repeated safely: its id makes it count once.</summary>
    public int MaxAttempts { get; init; } = 3;

    /// <summary>The pause before the second attempt when the service names none; it doubles from there.</summary>
    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest pause that is waited out. A longer <c>Retry-After</c> is given to the caller instead.</summary>
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Whether refusals by a rule (429, and 503 without capacity) are waited out as well; otherwise the caller decides.</summary>
    public bool RetryRefusals { get; init; }
}
