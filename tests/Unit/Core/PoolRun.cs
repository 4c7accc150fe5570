using System.Globalization;
using System.Text.Json;
using TokenLedger.Contracts;
using TokenLedger.Core.Pools;

namespace TokenLedger.Tests.Unit.Core;

/// <summary>Carries out steps on a pool that begins with one replica and three entitlements, and shows every event and every decision to who wants to see it.</summary>
internal sealed class PoolRun
{
    private readonly List<RecordedEvent> _history = [];

    public PoolState State { get; } = new(PoolScenario.Pool);
    public DateTimeOffset Now { get; private set; } = PoolScenario.Start;
    public IReadOnlyList<RecordedEvent> History => _history;

    /// <summary>Called before a command is decided.</summary>
    public Action<PoolCommand>? Before { get; init; }

    /// <summary>Called after each event.</summary>
    public Action<ILedgerEvent>? OnEvent { get; init; }

    /// <summary>Called after a decision and all its events.</summary>
    public Action<PoolCommand, PoolDecision>? After { get; init; }

    /// <summary>As a pool's writer does: waits that can end do so after every command.</summary>
    public bool Drains { get; init; }

    public PoolRun Take(params IEnumerable<PoolCommand> commands)
    {
        foreach (var command in commands) Take(new Step(command, 0));
        return this;
    }

    public PoolRun Take(IEnumerable<Step> steps)
    {
        foreach (var step in steps) Take(step);
        return this;
    }

    private void Take(Step step)
    {
        Now = Now.AddMicroseconds(step.WaitMicros);
        // Reports come with rising positions; what an older one does is an example of its own.
        var command = step.Command switch
        {
            ApplyCapacity c => c with { Position = _history.Count + 1 },
            ApplyLimits c => c with { Position = _history.Count + 1 },
            var other => other,
        };
        Decide(command);
        while (Drains && Decide(new Drain())) { }
    }

    /// <returns>True when anything came of it.</returns>
    private bool Decide(PoolCommand command)
    {
        Before?.Invoke(command);
        var decision = PoolDecisions.Decide(State, command, Now);
        foreach (var data in decision.Events)
        {
            PoolEvolution.Evolve(State, data, Now);
            _history.Add(new(_history.Count + 1, "pool-p", _history.Count + 1, Guid.Empty, EventCatalogue.Of(data.GetType()).WireName, Now, data));
            OnEvent?.Invoke(data);
        }
        After?.Invoke(command, decision);
        return decision.Events.Count > 0;
    }

    /// <summary>All that a decision can depend on, as text.</summary>
    public static string Fingerprint(PoolState pool, DateTimeOffset now) => string.Join('\n',
    [
        string.Create(CultureInfo.InvariantCulture, $"{pool.Settings} {pool.Replicas} {pool.CapacityPosition} {pool.LimitsPosition} {pool.Version} {pool.Floors} {Bucket(pool.Surplus, now)} {pool.NextExpiry:O} {pool.NextCalendarChange:O} {Books(pool.Account)}"),
        .. pool.Entitlements.Values.Select(e => string.Create(CultureInfo.InvariantCulture,
            $"{e.Id} {e.Terms} {e.State} {e.Limits} {e.Debt:R} {e.Burst:R} {e.Weight:R} {e.OwedTokens} {Bucket(e.Rate, now)} {Bucket(e.Baseline, now)} {e.MeanHold} {pool.RoomFor(e)} {string.Join(',', e.Keys)} {Books(e.Account)}")),
        .. pool.Open.Values.OrderBy(r => r.Request.Value).Select(r => $"{r.Request} {r.Entitlement.Id} {r.Reserved} {r.Outstanding} {r.InputTokens} {r.SurplusTokens} {r.AdmittedAt:O} {r.ExpiresAt:O} {r.Workload} {r.IsEstimated}"),
        .. pool.Deferred.Values.Select(PoolScenario.Text),
        $"turn {pool.Waiting.Turn} hold {pool.MeanHold} returns {string.Join(' ', pool.Entitlements.Values.Select(e => e.Returns))}",
        .. pool.Returns.InTime.Select(t => $"{t.Request} {t.Entitlement.Id} {t.Tokens} {t.ToldAt:O} {t.At:O}"),
        .. pool.Waiting.ByArrival.Select(w => $"{w.Ask with { WaitMs = 0 }} {w.Tokens} {w.Since:O} {w.Until:O}"),
        string.Join(' ', pool.Waiting.InOrder(pool.Settings?.Queue?.Order ?? default).Select(w => w.Request)),
        JsonSerializer.Serialize(pool.Estimates.Carry()),
    ]);

    private static string Bucket(TokenBucket bucket, DateTimeOffset now) => $"{bucket.Rate}/{bucket.DepthTokens}/{bucket.TokensAt(now)}/{bucket.TimeUntilFull(now).Ticks}";

    private static string Books(Account account) => $"{account.Reserved} {account.Settled} {account.Returned} {account.Expired} {account.Evicted} {account.Outstanding}";
}
