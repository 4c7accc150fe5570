using TokenLedger.Contracts;

namespace TokenLedger.Core.Pools;

/// <summary>
/// Step 7 as published (arXiv 2603.00356, admission, step 5): while the pool is contended, only a weight above the smallest among the admitted is admitted.
/// Contended is ours: there is no room for this request in some dimension. What is admitted then is over capacity for as long as something lighter runs.
/// </summary>
internal sealed class WeightThreshold() : AdmissionRule(DenialReason.LowPriority)
{
    public override bool Passes(ref AdmissionCase request) =>
        PoolRoom.HasRoom(request) || request.Pool.LightestOpen is not { } lightest || request.Entitlement.Weight > lightest;

    public override IReadOnlyList<Measure> Measures(in AdmissionCase request) => (PoolRoom.HasRoom(request), request.Pool.LightestOpen) switch
    {
        (false, null) => [],
        (false, { } lightest) => [new("weight", (decimal)lightest, (decimal)request.Entitlement.Weight, MustExceed: true)],
        _ => PoolRoom.Compare(request, request.Pool.RoomFor(request.Entitlement)),
    };
}
