using TokenLedger.Cli.Simulation;
using TokenLedger.Contracts;
using TokenLedger.Core.Estimation;
using TokenLedger.Core.Pools;

namespace TokenLedger.Cli.Experiments;

/// <summary>
/// The requests that wait for the engine, in the orders that a pool's waiting room has (<see cref="WaitingOrder"/>): premium as a guaranteed class, standard as elastic, batch as spot.
/// The published orders reckon with DriftSched's estimate, tier factor included; ours with the estimate of the core, and the tier is a weight instead.
/// </summary>
internal sealed class DriftQueue(QueueOrder order)
{
    /// <summary>Twice the weight or half the cost is worth so much waiting. A pool's second suits requests that are let in one by one; here a batch takes ten.</summary>
    public const double DoublingSeconds = 300;

    private static readonly ServiceClass[] s_classes = [ServiceClass.Guaranteed, ServiceClass.Elastic, ServiceClass.Spot];

    /// <summary>A tenth more for premium, a tenth less for batch: less than lies between two classes of answers, so that a tier goes first among equals.</summary>
    private static readonly double[] s_weights = [1.1, 1.0, 0.9];
    private readonly Dictionary<string, DriftEstimate> _published = [];
    private readonly OutputEstimates _ours = new();
    private readonly PriorityQueue<Waiting, (long Key, int Number)>[] _tiers = [.. s_classes.Select(_ => new PriorityQueue<Waiting, (long, int)>())];
    private int _turn;

    public int Count => _tiers.Sum(tier => tier.Count);

    /// <summary>Errors of DriftSched's estimates with and without its correction, and of ours, in tokens.</summary>
    public List<(double Corrected, double Uncorrected, double Ours)> Errors { get; } = [];

    public void Add(DriftRequest request, double now)
    {
        var published = _published.TryGetValue(request.Workload, out var known) ? known : _published[request.Workload] = new(request.Workload);
        var factor = DriftEstimate.FactorOf(request.Tier);
        var (corrected, uncorrected) = (published.Of(request.InputTokens, factor), new DriftEstimate(request.Workload).Of(request.InputTokens, factor));
        var typical = _ours.Typical(TenantOf(request), request.Workload, request.InputTokens);
        Errors.Add((corrected - request.OutputTokens, uncorrected - request.OutputTokens, typical - request.OutputTokens));
        var key = order == QueueOrder.WeightOverCost
            ? WaitingOrder.KeyOf(order, s_classes[request.Tier], s_weights[request.Tier], request.InputTokens + (long)Math.Round(typical), VirtualClock.Epoch.AddSeconds(now / DoublingSeconds))
            : WaitingOrder.KeyOf(order, s_classes[request.Tier], weight: 1, request.InputTokens + corrected, VirtualClock.Epoch.AddSeconds(now));
        // One queue for all, but where the tiers take turns.
        _tiers[order == QueueOrder.WeightedCycle ? request.Tier : 0].Enqueue(new(request, now), (key, request.Number));
    }

    public Waiting Take()
    {
        if (order != QueueOrder.WeightedCycle) return _tiers[0].Dequeue();
        var next = Enumerable.Range(0, _tiers.Length).Where(tier => _tiers[tier].Count > 0).MinBy(tier => WaitingOrder.NextTurn(tier, _turn));
        _turn = WaitingOrder.NextTurn(next, _turn) + 1;
        return _tiers[next].Dequeue();
    }

    /// <summary>An answer has ended.</summary>
    public void Learn(DriftRequest request)
    {
        _published[request.Workload].Learn(request.OutputTokens);
        _ours.Learn(TenantOf(request), request.Workload, request.InputTokens, request.OutputTokens, within: null, quantile: 900_000);
    }

    private static TenantId TenantOf(DriftRequest request) => new(DriftRequests.Tiers[request.Tier]);

    internal readonly record struct Waiting(DriftRequest Request, double Since);
}
