using TokenLedger.Cli.Simulation;
using TokenLedger.Contracts;

namespace TokenLedger.Cli.Experiments;

/// <summary>The benchmark under one order, on an engine with places for 32 requests.</summary>
internal sealed class DriftRun
{
    private const int Places = 32;
    private const double StartSeconds = 0.25;
    private const double SecondsPerToken = 0.020;
    private const double PauseSeconds = 15;
    private readonly IReadOnlyList<DriftRequest> _requests;
    private readonly DriftQueue _queue;
    private double _now;
    private double _phaseStart;
    private int _next;

    private DriftRun(QueueOrder order, IReadOnlyList<DriftRequest> requests) => (_queue, _requests) = (new(order), requests);

    public List<Served> All { get; } = [];

    public IReadOnlyList<(double Corrected, double Uncorrected, double Ours)> Errors => _queue.Errors;

    public double MeanWait(int? tier = null) => All.Where(served => tier is null || served.Request.Tier == tier).Average(served => served.Wait);

    public double Latency(double share) => Statistics.Percentile(All.Select(served => served.Latency), share);

    /// <summary>Static batches, as published: the next begins when the last has ended and 32 requests wait, or all of the phase have come, and lasts as long as its longest cap.</summary>
    public static DriftRun InBatches(QueueOrder order, IReadOnlyList<DriftRequest> requests)
    {
        var run = new DriftRun(order, requests);
        foreach (var phase in run.PlayPhases())
        {
            while (run._next < phase || run._queue.Count > 0)
            {
                run.ArriveUntil(phase, atLeast: Places);
                var batch = Enumerable.Range(0, Math.Min(Places, run._queue.Count)).Select(_ => run._queue.Take()).ToList();
                var end = run._now + StartSeconds + SecondsPerToken * batch.Max(waiting => waiting.Request.Cap);
                foreach (var waiting in batch) run.All.Add(new(waiting.Request, run._now - waiting.Since, end - waiting.Since));
                run._now = end;
                foreach (var waiting in batch) run._queue.Learn(waiting.Request);
            }
        }
        return run;
    }

    /// <summary>Continuous batching at the same speed: a place is free for the next request as soon as its answer has ended.</summary>
    public static DriftRun Continuously(QueueOrder order, IReadOnlyList<DriftRequest> requests)
    {
        var run = new DriftRun(order, requests);
        var places = new PriorityQueue<DriftRequest, (double End, int Number)>();
        foreach (var phase in run.PlayPhases())
        {
            while (run._next < phase || run._queue.Count > 0 || places.Count > 0)
            {
                var arrival = run._next < phase ? run.ArrivalOf(run._next) : double.PositiveInfinity;
                if (places.TryPeek(out _, out var first) && first.End <= arrival)
                {
                    run._now = first.End;
                    run._queue.Learn(places.Dequeue());
                }
                else if (run._next < phase)
                {
                    run._now = arrival;
                    run._queue.Add(run._requests[run._next++], arrival);
                }
                while (places.Count < Places && run._queue.Count > 0)
                {
                    var (request, since) = run._queue.Take();
                    var end = run._now + StartSeconds + SecondsPerToken * request.OutputTokens;
                    run.All.Add(new(request, run._now - since, end - since));
                    places.Enqueue(request, (end, request.Number));
                }
            }
        }
        return run;
    }

    /// <summary>The number of requests up to the end of each phase; between two phases everything is served and nothing happens for a while.</summary>
    private IEnumerable<int> PlayPhases()
    {
        for (var phase = 0; phase < DriftRequests.Phases; phase++)
        {
            _phaseStart = phase == 0 ? 0 : _now + PauseSeconds;
            _now = _phaseStart;
            yield return _requests.Count(request => request.Phase <= phase);
        }
    }

    private double ArrivalOf(int number) => _phaseStart + _requests[number].SentAt;

    /// <summary>Waits until so many requests wait or all of the phase have come, and takes in all that have come by then.</summary>
    private void ArriveUntil(int phase, int atLeast)
    {
        if (_queue.Count < atLeast && _next < phase) _now = Math.Max(_now, ArrivalOf(Math.Min(phase, _next + atLeast - _queue.Count) - 1));
        for (; _next < phase && ArrivalOf(_next) <= _now; _next++) _queue.Add(_requests[_next], ArrivalOf(_next));
    }

    /// <summary>A request that was served.</summary>
    /// <param name="Wait">Seconds until its answer began, <paramref name="Latency"/> until it was delivered.</param>
    internal readonly record struct Served(DriftRequest Request, double Wait, double Latency);
}
