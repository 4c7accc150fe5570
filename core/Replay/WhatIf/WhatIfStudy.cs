using TokenLedger.Contracts;
using TokenLedger.Core.Fairness;

namespace TokenLedger.Core.Replay;

/// <summary>A part of the ledger, both positions included, and the times of its first and its last event.</summary>
public sealed record WhatIfWindow(long From, long To, DateTimeOffset Start, DateTimeOffset End);

/// <summary>A window of the record beside the same demand under other settings.</summary>
/// <param name="OnlyCounted">Refusals that the record counts without listing: they cannot be decided again and stand in neither column.</param>
/// <param name="AdmittedNow">Attempts that the record refused and the run admits; <paramref name="RefusedNow"/> the other way round.</param>
public sealed record WhatIfResult(RunOutcome Recorded, RunOutcome WhatIf, long OnlyCounted, long AdmittedNow, long RefusedNow, IReadOnlyDictionary<string, TypicalLife> Means);

/// <summary>The settings cannot be given to this pool at the beginning of the window.</summary>
public sealed class WhatIfRefusedException(string message) : Exception(message);

/// <summary>Reads one pool's stream and its fairness stream from their beginning to the end of a window, deciding all again, and then decides the window under other settings.</summary>
public sealed class WhatIfStudy
{
    /// <summary>Decisions in a window that are kept in memory.</summary>
    public const int MostDecisions = 5_000_000;
    private readonly WhatIfWindow _window;
    private readonly WhatIfChanges _changes;
    private readonly FairnessState _world;
    private readonly ReplayVerifier _verifier;
    private readonly RunMeter _meter;
    private readonly List<ReplayedDecision> _decisions = [];
    private readonly List<RecordedEvent> _unmeasured = [];

    public WhatIfStudy(PoolId pool, WhatIfWindow window, WhatIfChanges changes)
    {
        ArgumentNullException.ThrowIfNull(window);
        (_window, _changes, _world, _meter) = (window, changes, new(pool), new(window.Start, window.End));
        _verifier = new(pool) { Decided = Place };
    }

    /// <summary>False while a decision is read of which not all events have come.</summary>
    public bool IsBetweenDecisions => _verifier.Complete() is null;

    private long OnlyCounted { get; set; }

    /// <summary>Told each decision of the run under other settings.</summary>
    public Action<ReplayedDecision>? Decided { get; init; }

    /// <summary>Takes the next event of the pool's or its fairness stream, in the order of positions.</summary>
    /// <returns>A difference between what is recorded and what is decided again: then there is nothing to compare with.</returns>
    public ReplayDifference? Take(RecordedEvent recorded)
    {
        ArgumentNullException.ThrowIfNull(recorded);
        if (recorded.Data is LimitsAdjusted)
        {
            if (recorded.Position < _window.From) _world.Evolve(recorded);
            return null;
        }
        var counted = _verifier.Unverified;
        var difference = _verifier.Take(recorded);
        if (recorded.Data is RequestsDenied && recorded.Position < _window.From) _world.Evolve(recorded);
        else if (recorded.Position >= _window.From) OnlyCounted += _verifier.Unverified - counted;
        Measure(recorded);
        return difference;
    }

    /// <summary>Decides the window again.</summary>
    /// <exception cref="WhatIfRefusedException">The pool cannot have these settings.</exception>
    public WhatIfResult Compare()
    {
        if (_verifier.State.Settings is null) throw new WhatIfRefusedException("The pool was not open in this window.");
        if (_changes.Entitlements.Keys.FirstOrDefault(id => !_verifier.State.Entitlements.ContainsKey(id)) is { Value: not null } unknown)
            throw new WhatIfRefusedException($"The pool has no entitlement '{unknown}' in this window.");
        if (_decisions.Count == 0) _meter.Begin(_verifier.State, _window.Start);
        var lives = new RecordedLives(_decisions);
        var run = new WhatIfRun(_world, _changes, lives, new(_window.Start, _window.End)) { Decided = Decided };
        if (run.Begin(_window.Start) is { } refused) throw new WhatIfRefusedException(refused.Detail);
        foreach (var decision in _decisions) run.Take(decision);
        return new(_meter.End(_verifier.State, _window.End), run.End(_window.End), OnlyCounted, run.AdmittedNow, run.RefusedNow, lives.Means);
    }

    /// <summary>Evictions wait for the admission they make room for, as they do in the verifier: only that tells whether they belong to the window.</summary>
    private void Measure(RecordedEvent recorded)
    {
        _unmeasured.Add(recorded);
        if (recorded.Data is ReservationEvicted) return;
        if (_decisions.Count > 0)
            foreach (var next in _unmeasured) _meter.Take(next.Data, _verifier.State, next.Timestamp);
        _unmeasured.Clear();
    }

    /// <summary>What was decided before the window makes the world at its beginning; a decision that began before it belongs there with all its events.</summary>
    private void Place(ReplayedDecision decision)
    {
        if (decision.Position < _window.From)
        {
            foreach (var (index, data) in decision.Events.Index()) _world.Evolve(new(decision.Position + index, "", 0, default, "", decision.At, data));
            return;
        }
        if (_decisions.Count == MostDecisions) throw new WhatIfRefusedException($"The window holds more than {MostDecisions} decisions: choose a shorter one.");
        if (_decisions.Count == 0) _meter.Begin(_verifier.State, _window.Start);
        _decisions.Add(decision);
    }
}
