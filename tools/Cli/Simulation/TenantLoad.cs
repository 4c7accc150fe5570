using TokenLedger.Contracts;

namespace TokenLedger.Cli.Simulation;

/// <summary>The clients of one tenant: when they ask, and what they do about refusals and answers.</summary>
internal sealed class TenantLoad(VirtualClock clock, int index, Tenant tenant, int seed, Action<SimulatedRequest> send)
{
    /// <summary>A client that gave up does not come back within this, or a loop without thinking would turn without time passing.</summary>
    private const double ShortestPause = 1;

    private const double EvenJitter = 0.2;

    /// <summary>No run is longer; a rate that has come to nothing for good must not be asked for ever.</summary>
    private const double LatestArrival = 1_000_000;
    private readonly Random _random = new(unchecked(seed * 7919 + index * 104_729 + 1));
    private int _count;

    public void Start()
    {
        var start = tenant.Start + tenant.StartJitter * _random.NextDouble();
        switch (tenant.Arrivals)
        {
            case OpenLoop open:
                NextArrival(open.Even ? start + _random.NextDouble() / open.PerSecond : start, open);
                break;
            case ClosedLoop closed:
                StartClients(start, closed.Clients, closed.StaggerSeconds, tenant.Stop);
                StartClients(start + closed.MoreAfter, closed.MoreClients, closed.StaggerSeconds, Math.Min(tenant.Stop, start + closed.MoreAfter + (closed.MoreSeconds ?? double.PositiveInfinity)));
                break;
            case VaryingLoop varying:
                NextArrival(start, varying);
                break;
            case Recorded recorded:
                foreach (var request in recorded.Requests)
                    clock.At(start + request.At, () => Ask(request.InputTokens, request.OutputTokens, tenant.Stop));
                break;
        }
    }

    /// <summary>A refusal: try again as this tenant does, or give up.</summary>
    public void Refused(SimulatedRequest request, long retryAfterMs)
    {
        var pause = tenant.Retries.Kind switch
        {
            RetryKind.AfterRetryAfter => retryAfterMs / 1000.0 + tenant.Retries.JitterSeconds * _random.NextDouble(),
            RetryKind.Immediate => Retries.ImmediateSeconds * (1 + _random.NextDouble()),
            _ => double.PositiveInfinity,
        };
        // Nothing to wait for means that it never fits.
        if (retryAfterMs > 0 && clock.Seconds + pause - request.AskedAt <= tenant.Retries.PatienceSeconds && clock.Seconds + pause < request.ClientUntil && double.IsFinite(pause))
        {
            clock.After(pause, () => send(request));
            return;
        }
        request.Fate = Fate.GivenUp;
        Ended(request);
    }

    /// <summary>A request came to its end, one way or another: in a closed loop its client asks for the next.</summary>
    public void Ended(SimulatedRequest request)
    {
        if (tenant.Arrivals is not ClosedLoop closed) return;
        var pause = request.Fate == Fate.Served ? closed.ThinkSeconds : Math.Max(ShortestPause, closed.ThinkSeconds);
        clock.After(Math.Max(pause, request.AskedAt + closed.PeriodSeconds - clock.Seconds), () => Ask(request.ClientUntil));
    }

    private void StartClients(double from, int clients, double staggerSeconds, double until)
    {
        for (var client = 0; client < clients; client++) clock.At(from + staggerSeconds * client / clients, () => Ask(until));
    }

    /// <param name="after">The last arrival of a Poisson process, or the beginning of a period.</param>
    private void NextArrival(double after, OpenLoop open)
    {
        var draw = _random.NextDouble();
        var (at, next) = open.Even ? (after + EvenJitter * draw / open.PerSecond, after + 1 / open.PerSecond) : (after - Math.Log(1 - draw) / open.PerSecond, double.NaN);
        if (at >= tenant.Stop) return;
        clock.At(at, () =>
        {
            Ask(tenant.Stop);
            NextArrival(open.Even ? next : at, open);
        });
    }

    private void NextArrival(double after, VaryingLoop varying)
    {
        var at = after;
        do at -= Math.Log(1 - _random.NextDouble()) / varying.MostPerSecond;
        while (at < tenant.Stop && at < LatestArrival && _random.NextDouble() * varying.MostPerSecond >= varying.PerSecond(at));
        if (at >= tenant.Stop || at >= LatestArrival) return;
        clock.At(at, () =>
        {
            Ask(tenant.Stop);
            NextArrival(at, varying);
        });
    }

    private void Ask(double until) => Ask(tenant.Input.Draw(_random), tenant.Output.Draw(_random), until);

    private void Ask(long inputTokens, long outputTokens, double until)
    {
        if (clock.Seconds >= until) return;
        var declared = tenant.OutputLimit ?? Math.Max(1, (long)Math.Round(outputTokens * tenant.DeclaredOutput));
        // The same seed gives the same ids; version and variant bits are of no interest here.
        var id = new RequestId(new Guid(seed, (short)index, (short)(index >> 16), BitConverter.GetBytes((long)++_count)));
        send(new(id, index, inputTokens, outputTokens, declared, clock.Seconds) { ClientUntil = until });
    }
}
