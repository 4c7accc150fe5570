using TokenLedger.Contracts;
using TokenLedger.Ledger;

namespace TokenLedger.Admission.Pools;

/// <summary>
/// Says which requests the ledger knows as admitted, and asks it as little as exactness allows: the ledger's unique index refuses a second admission of a request by itself,
/// so one that is about to be admitted needs no look beforehand. Whatever else is to be answered about an id that holds no reservation needs one, a batch later.
/// </summary>
internal sealed class RecordedAdmissions(PoolId pool, ILedger ledger)
{
    /// <summary>Admissions remembered, so that repeats of them are looked for at once; a power of two.</summary>
    private const int Remembered = 1 << 16;

    /// <summary>Batches that look for every id after the pool was loaded: an admission that the index refuses costs a load, so refusals must be rare.</summary>
    private const int CautiousBatches = 1_000;
    private readonly RequestId[] _remembered = new RequestId[Remembered];
    private readonly HashSet<RequestId> _wanted = [];
    private readonly Dictionary<RequestId, RecordedEvent?> _looked = [];
    private int _cautious;

    /// <summary>The pool is loaded from its stream, at a start or because another writer or a repeated admission came in between.</summary>
    public void Reset()
    {
        Array.Clear(_remembered);
        _wanted.Clear();
        _cautious = CautiousBatches;
    }

    /// <summary>Takes in an admission of this pool, as it is decided or read.</summary>
    public void Remember(RequestId request) => _remembered[Slot(request)] = request;

    /// <summary>True for an admission taken in lately.</summary>
    public bool Remembers(RequestId request) => _remembered[Slot(request)] == request;

    /// <summary>True when an admission cannot be decided without a look.</summary>
    public bool MayBeRepeat(RequestId request) => _cautious > 0 || Remembers(request) || _wanted.Contains(request);

    /// <summary>The next batch shall look for it.</summary>
    public void Want(RequestId request) => _wanted.Add(request);

    public bool HasLookedFor(RequestId request) => _looked.ContainsKey(request);

    /// <summary>The admission that the look found; null also when it did not look.</summary>
    public RecordedEvent? Find(RequestId request) => _looked.GetValueOrDefault(request);

    /// <summary>One look for a whole batch.</summary>
    public async Task LookAsync(IEnumerable<RequestId> requests, CancellationToken ct)
    {
        _looked.Clear();
        foreach (var request in requests) _looked[request] = null;
        _wanted.Clear();
        if (_cautious > 0) _cautious--;
        if (_looked.Count == 0) return;
        foreach (var found in await ledger.FindAsync([.. _looked.Keys.Select(request => EventIds.Admission(pool, request))], ct))
            _looked[((RequestAdmitted)found.Data).Request] = found;
    }

    private static int Slot(RequestId request) => request.GetHashCode() & (Remembered - 1);
}
