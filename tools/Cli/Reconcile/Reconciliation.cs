using System.Runtime.InteropServices;
using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;

namespace TokenLedger.Cli.Reconcile;

/// <summary>A request on which the two sides do not agree; the side that does not know it is null.</summary>
internal sealed record Difference(RequestId Request, Counts? File, Counts? Ledger)
{
    /// <summary>Missing in the ledger, extra in the ledger, or different.</summary>
    public string Kind => Ledger is null ? "missing" : File is null ? "extra" : "different";
}

/// <summary>What one side has: requests and their tokens.</summary>
internal readonly record struct SideTotals(long Requests, Counts Tokens);

/// <summary>
/// Compares an export with the ledger request by request; several rows or entries of a request are summed up, corrections among them. It holds the sums of each request, some 120 bytes,
/// and neither file nor history.
/// </summary>
internal sealed class Reconciliation
{
    private readonly Dictionary<RequestId, Sides> _requests = [];
    private bool[] _kinds = [];

    /// <summary>Which kinds of tokens are compared.</summary>
    public bool[] Kinds => _kinds;

    public void TakeFile(string name, TextReader text) => _kinds = ExportRows.Read(name, text, row =>
    {
        ref var sides = ref Of(row.Request);
        (sides.InFile, sides.File) = (true, sides.File + row.Tokens);
    });

    public void Take(UsageEntry entry)
    {
        ref var sides = ref Of(entry.RequestId);
        (sides.InLedger, sides.Ledger) = (true, sides.Ledger + new Counts(entry.InputTokens, entry.CachedInputTokens, entry.OutputTokens, entry.ReasoningTokens).Only(_kinds));
    }

    public SideTotals File => Total(sides => sides.InFile, sides => sides.File);

    public SideTotals Ledger => Total(sides => sides.InLedger, sides => sides.Ledger);

    /// <summary>In no order. A request that the ledger has and that came to nothing, such as one that was corrected away, lacks in no export.</summary>
    public IEnumerable<Difference> Differences => _requests.Where(pair => pair.Value.Differs)
        .Select(pair => new Difference(pair.Key, pair.Value.InFile ? pair.Value.File : null, pair.Value.InLedger ? pair.Value.Ledger : null));

    private ref Sides Of(RequestId request) => ref CollectionsMarshal.GetValueRefOrAddDefault(_requests, request, out _);

    private SideTotals Total(Func<Sides, bool> isThere, Func<Sides, Counts> tokens) =>
        _requests.Values.Where(isThere).Aggregate(default(SideTotals), (total, sides) => new(total.Requests + 1, total.Tokens + tokens(sides)));

    private struct Sides
    {
        public Counts File;
        public Counts Ledger;
        public bool InFile;
        public bool InLedger;

        public readonly bool Differs => File != Ledger || (InFile && !InLedger);
    }
}
