using TokenLedger.Contracts;

namespace TokenLedger.Cli.Simulation;

/// <summary>A pool, its tenants and what happens to it, in seconds of virtual time from 0.</summary>
/// <param name="Phases">Parts of the run that are reported apart.</param>
internal sealed record Scenario(
    string Name, PoolSettings Pool, IReadOnlyList<Tenant> Tenants, double Seconds,
    IReadOnlyList<CapacityStep>? Capacity = null, IReadOnlyList<Phase>? Phases = null)
{
    /// <summary>Time between two samples of the state.</summary>
    public double SampleSeconds { get; init; } = 0.5;

    /// <summary>Who scales the pool; null when its replicas are those of the settings and the steps.</summary>
    public FleetPlan? Fleet { get; init; }
}

/// <summary>From this second on so many replicas run.</summary>
internal sealed record CapacityStep(double At, int Replicas);

/// <summary>A named part of a run.</summary>
internal sealed record Phase(string Name, double From, double To)
{
    public bool Contains(double second) => second >= From && second < To;
}

/// <summary>Who asks, what it is entitled to, and how it behaves.</summary>
/// <param name="Baseline">λ, χ, r.</param>
internal sealed record Tenant(string Name, ServiceClass ServiceClass, Capacity Baseline, long SloTargetMs, Arrivals Arrivals)
{
    public TokenCount Input { get; init; } = TokenCount.Exactly(64);
    public TokenCount Output { get; init; } = TokenCount.Exactly(64);

    /// <summary>What it names as its output limit, as a multiple of what it will really produce: a liar's is not 1.</summary>
    public double DeclaredOutput { get; init; } = 1;

    /// <summary>The output limit it names, whatever it will produce; null for a multiple of that.</summary>
    public long? OutputLimit { get; init; }
    public Retries Retries { get; init; } = Retries.None;

    /// <summary>How long it lets the pool keep a request waiting; 0 for not at all.</summary>
    public int WaitMs { get; init; }

    /// <summary>Its entitlement is in force from this second on.</summary>
    public double EntitledFrom { get; init; }

    /// <summary>It begins to ask at this second.</summary>
    public double Start { get; init; }

    /// <summary>It begins later than that by a random part of this, so that seeds do not all meet the same moment of what the others do.</summary>
    public double StartJitter { get; init; }

    /// <summary>It sends no new request from this second on; what it sent runs to its end.</summary>
    public double Stop { get; init; } = double.PositiveInfinity;

    public EntitlementId Entitlement => new(Name);
}

/// <summary>When a tenant's requests come.</summary>
internal abstract record Arrivals;

/// <summary>Open loop: requests come at a rate whatever becomes of earlier ones.</summary>
/// <param name="Even">One each period, give or take a tenth of it, as a load generator sends them; else a Poisson process.</param>
internal sealed record OpenLoop(double PerSecond, bool Even = false) : Arrivals;

/// <summary>Open loop at a rate that changes with time: a Poisson process, thinned from the highest rate.</summary>
internal sealed record VaryingLoop(Func<double, double> PerSecond, double MostPerSecond) : Arrivals;

/// <summary>Closed loop: clients that each wait for their answer, think, and ask again.</summary>
/// <param name="StaggerSeconds">The clients start evenly spread over this time.</param>
/// <param name="PeriodSeconds">No client asks sooner than this after it last asked, however quickly it was answered.</param>
/// <param name="MoreClients">So many more start, spread over the same time, from <paramref name="MoreAfter"/> seconds after the first.</param>
/// <param name="MoreSeconds">So long after they began to start, those send nothing new.</param>
internal sealed record ClosedLoop(
    int Clients, double ThinkSeconds = 0, double StaggerSeconds = 0, double PeriodSeconds = 0, int MoreClients = 0, double MoreAfter = 0, double? MoreSeconds = null) : Arrivals;

/// <summary>Requests as they were recorded; they bring their own token counts.</summary>
internal sealed record Recorded(IReadOnlyList<RecordedArrival> Requests) : Arrivals;

internal readonly record struct RecordedArrival(double At, long InputTokens, long OutputTokens);

/// <summary>A number of tokens, evenly distributed between two bounds.</summary>
internal sealed record TokenCount(long Min, long Max)
{
    public static TokenCount Exactly(long tokens) => new(tokens, tokens);

    public long Draw(Random random) => Min == Max ? Min : random.NextInt64(Min, Max + 1);
}

/// <summary>What a client does when it is refused.</summary>
/// <param name="Kind">Give up, come back after Retry-After, or come back at once.</param>
/// <param name="JitterSeconds">It comes later than it is told by a random part of this, never sooner.</param>
/// <param name="PatienceSeconds">It gives up when so much time has passed since it first asked.</param>
internal sealed record Retries(RetryKind Kind, double JitterSeconds = 1, double PatienceSeconds = double.PositiveInfinity)
{
    /// <summary>Even a client that knows no manners needs this long to come back.</summary>
    public const double ImmediateSeconds = 0.1;

    public static readonly Retries None = new(RetryKind.GiveUp);
    public static readonly Retries AfterRetryAfter = new(RetryKind.AfterRetryAfter);
    public static readonly Retries Immediately = new(RetryKind.Immediate);
}

internal enum RetryKind { GiveUp, AfterRetryAfter, Immediate }
