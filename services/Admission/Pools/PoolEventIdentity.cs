using TokenLedger.Contracts;

namespace TokenLedger.Admission.Pools;

/// <summary>Gives a pool's events their ids: an admission the one that makes its request unique for ever, the rest a fresh one; all events of a request share it as correlation.</summary>
internal static class PoolEventIdentity
{
    public static NewEvent Identify(ILedgerEvent data, DateTimeOffset now) => data switch
    {
        RequestAdmitted e => new(EventIds.Admission(e.Pool, e.Request), now, e, e.Request.ToString()),
        ReservationEvicted e => New(now, e, e.Request, EventIds.Admission(e.Pool, e.Beneficiary).ToString()),
        RequestDenied e => New(now, e, e.Request),
        RequestQueued e => New(now, e, e.Request),
        WaitAbandoned e => New(now, e, e.Request),
        PrefillReleased e => New(now, e, e.Request),
        ReservationRenewed e => New(now, e, e.Request),
        ReservationSettled e => New(now, e, e.Request),
        SettlementDeferred e => New(now, e, e.Request),
        ReservationReleased e => New(now, e, e.Request),
        ReservationExpired e => New(now, e, e.Request),
        _ => new(Guid.CreateVersion7(now), now, data),
    };

    private static NewEvent New(DateTimeOffset now, ILedgerEvent data, RequestId request, string? cause = null) =>
        new(Guid.CreateVersion7(now), now, data, request.ToString(), cause);
}
