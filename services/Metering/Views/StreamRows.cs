using Npgsql;
using TokenLedger.Contracts;

namespace TokenLedger.Metering.Views;

/// <summary>What a batch of events says about streams: how far they have come, and which have ended.</summary>
/// <param name="any">Whether there are streams before the batch. Only its own transaction adds any while that holds the view's checkpoint.</param>
internal sealed class StreamRows(bool any)
{
    private static readonly string s_merge = UsageSql.Load("MergeStreams");
    private static readonly string s_end = UsageSql.Load("EndStreams");
    private static readonly string s_prune = UsageSql.Load("PruneStreams");
    private readonly List<(TokensStreamed Report, DateTimeOffset At)> _reports = [];
    private readonly List<(string Pool, Guid Request)> _ended = [];

    /// <summary>A report of what nothing admitted is nobody's to be billed by: no lease of it can run out.</summary>
    public void Add(TokensStreamed report, DateTimeOffset recordedAt)
    {
        if (report.Admitted) _reports.Add((report, recordedAt));
    }

    public void End(PoolId? pool, RequestId request)
    {
        if (pool is { } known) _ended.Add((known.Value, request.Value));
    }

    /// <param name="kept">How long a stream that nobody reports any more is remembered.</param>
    public async Task WriteAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, TimeSpan kept, CancellationToken ct)
    {
        await using var batch = new NpgsqlBatch(connection, transaction);
        if (_reports.Count > 0)
        {
            batch.BatchCommands.Add(new(s_merge)
            {
                Parameters =
                {
                    Column(e => e.Report.Pool!.Value.Value), Column(e => e.Report.Request.Value), Column(e => e.Report.InputTokens), Column(e => e.Report.CachedInputTokens), Column(e => e.Report.OutputTokens),
                    Column(e => e.Report.ReasoningTokens), Column(e => e.Report.ReportedAt), Column(e => e.At),
                },
            });
            batch.BatchCommands.Add(new(s_prune) { Parameters = { new() { Value = _reports[^1].At - kept } } });
        }
        // Reports first: one that comes after the end must not open the stream again.
        if (_ended.Count > 0 && (any || _reports.Count > 0)) batch.BatchCommands.Add(new(s_end) { Parameters = { new() { Value = _ended.Select(end => end.Pool).ToArray() }, new() { Value = _ended.Select(end => end.Request).ToArray() } } });
        if (batch.BatchCommands.Count == 0) return;
        await batch.PrepareAsync(ct);
        await batch.ExecuteNonQueryAsync(ct);
    }

    private NpgsqlParameter Column<T>(Func<(TokensStreamed Report, DateTimeOffset At), T> value) => new() { Value = _reports.Select(value).ToArray() };
}
