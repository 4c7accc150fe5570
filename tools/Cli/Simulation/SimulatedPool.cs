using TokenLedger.Contracts;
using TokenLedger.Core.Fairness;
using TokenLedger.Core.Pools;

namespace TokenLedger.Cli.Simulation;

/// <summary>
/// The real core under virtual time: commands are decided and their events taken in as Admission does it, and each tick Fairness divides anew from the same events.
/// What the services add, durability and transport, takes no time here.
/// </summary>
internal sealed class SimulatedPool
{
    /// <summary>Time must pass between two looks, or rounding could make one follow the other for ever.</summary>
    private const double LeastLook = 0.001;

    private static readonly PoolId s_id = new("simulated");
    private readonly VirtualClock _clock;
    private readonly Action<ILedgerEvent> _happened;
    private readonly Action<RecordedEvent>? _recorded;
    private FairnessState _fairness = new(s_id);
    private long _position;
    private long _look;

    /// <param name="recorded">Told every event of the pool's stream and of its fleet's, as a ledger holds it.</param>
    public SimulatedPool(VirtualClock clock, PoolSettings settings, IEnumerable<Tenant> tenants, Action<ILedgerEvent> happened, Action<RecordedEvent>? recorded = null)
    {
        (_clock, _happened, _recorded) = (clock, happened, recorded);
        Take(new ConfigurePool(settings));
        var kinds = tenants.GroupBy(tenant => (Entitlement.IsReserved(tenant.ServiceClass) ? tenant.Name : null, tenant.ServiceClass, Terms(tenant) with { Tenant = default })).ToList();
        foreach (var kind in kinds) Take(new GrantEntitlement(kind.First().Entitlement, Terms(kind.First())));
        if (kinds.Any(kind => kind.Skip(1).Any())) OpenBooks(kinds.ToDictionary(kind => kind.First().Entitlement, kind => kind.ToList()));
        Tick();
    }

    public PoolState State { get; private set; } = new(s_id);

    /// <summary>What Fairness last found for each entitlement.</summary>
    public IReadOnlyCollection<FairnessShare> Shares => _fairness.Latest;

    /// <summary>Decides a command, and then, as a pool's writer does after every batch, whose wait it ends.</summary>
    public void Take(PoolCommand command)
    {
        Decide(command);
        Drain();
    }

    /// <summary>Capacity that the fleet reports.</summary>
    public void Report(int replicas)
    {
        Append(new CapacityChanged(s_id, replicas, State.Replicas, "simulation"));
        Take(new ApplyCapacity(replicas, _position));
    }

    /// <summary>Records an event of the fleet's stream.</summary>
    public void Append(ILedgerEvent data)
    {
        var kind = EventCatalogue.Of(data.GetType());
        _recorded?.Invoke(new(++_position, kind.Stream, _position, Guid.Empty, kind.WireName, _clock.Now, data));
    }

    /// <summary>Closes a fairness tick and puts what it adjusts into force.</summary>
    public void Tick()
    {
        if (FairnessDecisions.Tick(_fairness, _clock.Now) is not { } adjusted) return;
        Record(adjusted);
        Take(ApplyLimits.Of(adjusted, _position));
    }

    private bool Decide(PoolCommand command)
    {
        var decision = PoolDecisions.Decide(State, command, _clock.Now);
        if (decision.Answer is Rejected rejected) throw CommandFailure.Failed($"The scenario cannot be played: {rejected.Detail}");
        foreach (var data in decision.Events)
        {
            PoolEvolution.Evolve(State, data, _clock.Now);
            Record(data);
        }
        // Whoever is told may ask again at once, and must find the whole decision taken in.
        foreach (var data in decision.Events) _happened(data);
        return decision.Events.Count > 0;
    }

    /// <summary>Ends the waits whose turn has come, and looks again when one may end by the passing of time alone.</summary>
    private void Drain()
    {
        while (State.Waiting.Count > 0 && Decide(new Drain())) { }
        var look = ++_look;
        if (WaitingDecisions.NextMoment(State, _clock.Now) is not { } next) return;
        _clock.After(Math.Max(LeastLook, (next - _clock.Now).TotalSeconds), () =>
        {
            if (look == _look) Drain();
        });
    }

    private static EntitlementTerms Terms(Tenant tenant) => new(
        new(tenant.Name), tenant.ServiceClass, tenant.SloTargetMs, tenant.Baseline,
        tenant.EntitledFrom > 0 ? VirtualClock.Epoch.AddSeconds(tenant.EntitledFrom) : null, ValidTo: null);

    /// <summary>
    /// Tenants that are alike and have no floor are granted once and then written into the books of the pool as often as there are: each grant makes the pool's whole balance anew, which
    /// for ten thousand of them would take longer than the run.
    /// </summary>
    private void OpenBooks(Dictionary<EntitlementId, List<Tenant>> kinds)
    {
        var books = (BooksCarriedForward)PoolDecisions.Decide(State, new CloseBooks(), _clock.Now).Events.Single();
        books = books with { Entitlements = [.. books.Entitlements.SelectMany(e => kinds[e.Entitlement].Select(tenant => e with { Entitlement = tenant.Entitlement, Terms = Terms(tenant) }))] };
        (State, _fairness) = (new(s_id), new(s_id));
        PoolEvolution.Evolve(State, books, _clock.Now);
        Record(books);
    }

    private void Record(ILedgerEvent data)
    {
        var kind = EventCatalogue.Of(data.GetType());
        var recorded = new RecordedEvent(++_position, kind.Stream, State.Version, Guid.Empty, kind.WireName, _clock.Now, data);
        _fairness.Evolve(recorded);
        if (data is not LimitsAdjusted) _recorded?.Invoke(recorded);
    }
}
