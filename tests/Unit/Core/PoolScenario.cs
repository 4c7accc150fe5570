using System.Text;
using TokenLedger.Contracts;
using TokenLedger.Core.Pools;

namespace TokenLedger.Tests.Unit.Core;

/// <summary>The story of one pool: given commands at times, when one more comes, then exactly these events and this answer.</summary>
internal sealed class PoolScenario
{
    public static readonly PoolId Pool = new("p");
    public static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly List<RecordedEvent> _history = [];
    private PoolDecision? _decision;

    public PoolState State { get; } = new(Pool);
    public DateTimeOffset Now { get; private set; } = Start;
    public IReadOnlyList<RecordedEvent> History => _history;

    public Entitlement this[string entitlement] => State.Entitlements[new(entitlement)];

    public PoolScenario At(double seconds)
    {
        Now = Start.AddMicroseconds(Math.Round(seconds * 1_000_000));
        return this;
    }

    /// <summary>Commands that change the pool as they should: a refusal here is a mistake in the story.</summary>
    public PoolScenario Given(params PoolCommand[] commands)
    {
        foreach (var command in commands)
        {
            var decision = Take(command);
            Assert.NotEmpty(decision.Events);
            Assert.IsNotType<Denied>(decision.Answer);
        }
        return this;
    }

    public PoolScenario When(PoolCommand command)
    {
        _decision = Take(command);
        return this;
    }

    public PoolAnswer Answer => _decision!.Answer;

    public PoolScenario Then(params ILedgerEvent[] events)
    {
        Assert.Equal(events.Select(Text), _decision!.Events.Select(Text));
        return this;
    }

    public PoolScenario ThenAnswers(PoolAnswer answer)
    {
        Assert.Equal(answer, _decision!.Answer);
        return this;
    }

    public TAnswer ThenAnswers<TAnswer>() where TAnswer : PoolAnswer => Assert.IsType<TAnswer>(_decision!.Answer);

    public PoolScenario ThenAdmits()
    {
        ThenAnswers<Admitted>();
        return this;
    }

    public RequestDenied ThenRefuses(DenialReason reason)
    {
        var denied = ThenAnswers<Denied>().Event;
        Assert.Equal(reason, denied.Reason);
        Then(denied);
        return denied;
    }

    /// <summary>Evolves an event that no decision made.</summary>
    public void Force(ILedgerEvent data) => PoolEvolution.Evolve(State, data, Now);

    public static string Text(ILedgerEvent data) => $"{EventCatalogue.Of(data.GetType()).WireName} {Encoding.UTF8.GetString(EventCatalogue.Serialize(data))}";

    private PoolDecision Take(PoolCommand command)
    {
        var decision = PoolDecisions.Decide(State, command, Now);
        foreach (var data in decision.Events)
        {
            PoolEvolution.Evolve(State, data, Now);
            _history.Add(new(_history.Count + 1, Streams.Pool(Pool), _history.Count + 1, Guid.Empty, EventCatalogue.Of(data.GetType()).WireName, Now, data));
        }
        return decision;
    }
}
