using TokenLedger.Contracts;
using TokenLedger.Ledger;
using TokenLedger.Metering.Views;

namespace TokenLedger.Metering.Intake;

/// <summary>
/// What the views remember of streams and corrections, brought up to the ledger's head by reading what they have not taken in yet. With the stream's expected version at the append
/// that is exact: whoever records something in between makes the append fail, and it is looked up again.
/// </summary>
internal sealed class UsageRecall(UsageQueries views, ILedger ledger)
{
    private const int PageSize = 10_000;
    private static readonly string s_streams = UsageSql.Load("StreamsOf");
    private static readonly string s_corrections = UsageSql.Load("CorrectionsOf");
    private static readonly string[] s_reports = [EventCatalogue.WireName<TokensStreamed>(), EventCatalogue.WireName<TokensConsumed>()];
    private static readonly string[] s_corrected = [EventCatalogue.WireName<UsageCorrected>()];

    /// <summary>How far these requests of a pool have come; those without an interim report are absent.</summary>
    public async Task<Dictionary<RequestId, StreamedSoFar>> StreamsAsync(PoolId? pool, HashSet<RequestId> requests, CancellationToken ct)
    {
        if (pool is not { } known || requests.Count == 0) return [];
        var (position, rows) = await views.ReadAsync(s_streams, [new() { Value = known.Value }, new() { Value = requests.Select(request => request.Value).ToArray() }], row =>
            (new RequestId(row.GetGuid(0)), new StreamedSoFar(new(row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4)), row.GetFieldValue<DateTimeOffset>(5), row.GetBoolean(6))), ct);
        var streams = rows.ToDictionary();
        await foreach (var recorded in SinceAsync(position, s_reports, ct))
            switch (recorded)
            {
                case TokensStreamed { Admitted: true } e when e.Pool == known && requests.Contains(e.Request):
                    var before = streams.GetValueOrDefault(e.Request) ?? new(TokenCounts.Of(e), e.ReportedAt, Ended: false);
                    streams[e.Request] = before with { Tokens = TokenCounts.Max(before.Tokens, TokenCounts.Of(e)), ReportedAt = e.ReportedAt > before.ReportedAt ? e.ReportedAt : before.ReportedAt };
                    break;
                case TokensConsumed e when e.Pool == known && requests.Contains(e.Request):
                    streams[e.Request] = new(default, e.CompletedAt, Ended: true);
                    requests.Remove(e.Request); // A report that comes after the end changes nothing.
                    break;
            }
        return streams;
    }

    /// <summary>What was added to the usage at these positions; where nothing was, the position is absent.</summary>
    public async Task<Dictionary<long, Corrected>> CorrectionsAsync(HashSet<long> positions, CancellationToken ct)
    {
        if (positions.Count == 0) return [];
        var (position, rows) = await views.ReadAsync(s_corrections, [new() { Value = positions.ToArray() }], row =>
            (row.GetInt64(0), new Corrected((int)row.GetInt64(1), new(row.GetInt64(2), row.GetInt64(3), row.GetInt64(4), row.GetInt64(5)))), ct);
        var sums = rows.ToDictionary();
        await foreach (var recorded in SinceAsync(position, s_corrected, ct))
            if (recorded is UsageCorrected e && positions.Contains(e.Corrects.Position)) sums[e.Corrects.Position] = sums.GetValueOrDefault(e.Corrects.Position).And(e);
        return sums;
    }

    private async IAsyncEnumerable<ILedgerEvent> SinceAsync(long after, string[] types, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        // A page may end at what this process appended last, though others have appended more.
        for (var head = await ledger.HeadAsync(ct); after < head;)
        {
            var page = await ledger.ReadAllAsync(after, PageSize, types, stream: null, ct);
            foreach (var recorded in page.Events) yield return recorded.Data;
            after = page.Through;
        }
    }
}
