using TokenLedger.Contracts;
using TokenLedger.Core.Pools;

namespace TokenLedger.Cli.Simulation;

/// <summary>All that a run leaves behind.</summary>
internal sealed class RunLog(Scenario scenario, int seed)
{
    private readonly TenantSample[] _counts = new TenantSample[scenario.Tenants.Count];

    public Scenario Scenario { get; } = scenario;
    public int Seed { get; } = seed;

    /// <summary>Every request that was asked for, in that order.</summary>
    public List<SimulatedRequest> Requests { get; } = [];

    /// <summary>Every attempt that was refused.</summary>
    public List<Refusal> Refusals { get; } = [];

    public List<Sample> Samples { get; } = [];

    /// <summary>The fleet at each look, where one is scaled.</summary>
    public List<FleetSample> Fleet { get; } = [];

    /// <summary>The pool's books at the end.</summary>
    public Account? Books { get; private set; }

    /// <summary>Tokens the engine had to read again after it lost capacity.</summary>
    public double WastedTokens { get; private set; }

    public void Asked(SimulatedRequest request)
    {
        Requests.Add(request);
        ref var count = ref _counts[request.Tenant];
        count = count with { AskedTokens = count.AskedTokens + request.Tokens, Wanted = count.Wanted + 1 };
    }

    /// <summary>A request came to its end, one way or another.</summary>
    public void Done(int tenant) => _counts[tenant] = _counts[tenant] with { Wanted = _counts[tenant].Wanted - 1 };

    public void Admitted(int tenant) => _counts[tenant] = _counts[tenant] with { Admitted = _counts[tenant].Admitted + 1 };

    public void Refused(Refusal refusal)
    {
        Refusals.Add(refusal);
        _counts[refusal.Tenant] = _counts[refusal.Tenant] with { Refused = _counts[refusal.Tenant].Refused + 1 };
    }

    public TenantSample CountsOf(int tenant) => _counts[tenant];

    public void Add(Sample sample) => Samples.Add(sample);

    public void Close(Account books, double wastedTokens) => (Books, WastedTokens) = (books, wastedTokens);

    public int TenantIndex(string name)
    {
        for (var i = 0; i < Scenario.Tenants.Count; i++)
            if (Scenario.Tenants[i].Name == name) return i;
        throw new ArgumentException($"No tenant is called {name}.", nameof(name));
    }
}

/// <summary>The state at a moment.</summary>
/// <param name="Running">Sequences with a slot at the engine.</param>
/// <param name="Waiting">Sequences admitted and without one.</param>
internal sealed record Sample(double At, int Running, int Waiting, int Slots, TenantSample[] Tenants)
{
    /// <summary>Requests that would run if nothing limited them: running, waiting, and refused ones that come back.</summary>
    public int Wanted => Tenants.Sum(tenant => tenant.Wanted);
}

/// <summary>A tenant at a moment; counts are from the start of the run.</summary>
/// <param name="Held">Sequences that its reservations hold.</param>
/// <param name="Waiting">Requests that wait for admission.</param>
/// <param name="Wanted">Requests asked for that have neither ended nor been given up.</param>
internal readonly record struct TenantSample(
    int Held, int Waiting, int Wanted, long AskedTokens, int Admitted, int Refused, double ReceivedTokens, double Debt, double Weight, long OwedTokens, Capacity Limits);
