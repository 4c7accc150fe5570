using System.CommandLine;
using System.Globalization;

namespace TokenLedger.Cli.Replay;

/// <summary>A place in the ledger as a person names it: a position, or a time.</summary>
internal readonly record struct LedgerMoment(long? Position, DateTimeOffset? Time)
{
    public static Option<LedgerMoment?> Option(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "position|time",
        CustomParser = argument =>
        {
            if (TryParse(argument.Tokens[0].Value, out var moment)) return moment;
            argument.AddError($"'{argument.Tokens[0].Value}' is neither a position (from 1) nor a time such as 2026-07-01T00:00:00Z.");
            return null;
        },
    };

    public static bool TryParse(string text, out LedgerMoment moment)
    {
        moment = default;
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var position)) moment = new(position, null);
        // A time without an offset would be read in the zone of whatever machine reads it.
        else if (text.Length > 10 && (text[^1] is 'Z' or 'z' || text[^6] is '+' or '-') && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, out var time)) moment = new(null, time.ToUniversalTime());
        return moment is { Position: > 0 } or { Time: not null };
    }

    /// <summary>The last position of this moment.</summary>
    public async Task<long> ResolveAsync(IEventSource source, long head, CancellationToken ct)
    {
        if (Position is { } position) return position <= head ? position : throw CommandFailure.BadUsage($"The ledger's head is at position {head}, before {position}.");
        return await LastUntilAsync(source, head, ct) is > 0 and var last ? last : throw CommandFailure.BadUsage($"The ledger begins after {Time:O}.");
    }

    /// <summary>The first position of this moment: the one that is named, or the first after a time.</summary>
    public async Task<long> ResolveFirstAsync(IEventSource source, long head, CancellationToken ct)
    {
        var first = Position ?? await LastUntilAsync(source, head, ct) + 1;
        return first <= head ? first : throw CommandFailure.BadUsage($"The ledger ends at position {head}, before --from.");
    }

    /// <summary>
    /// Found by halving: the event here is not later than the time, and the next one is. Events of different services are stamped by different clocks, so around a time
    /// they may be out of order by as much as the clocks differ; a position is exact.
    /// </summary>
    private async Task<long> LastUntilAsync(IEventSource source, long head, CancellationToken ct)
    {
        var (before, after) = (0L, head + 1);
        while (after - before > 1)
        {
            var middle = before + (after - before) / 2;
            if ((await source.FirstFromAsync(middle, ct)).Timestamp <= Time) before = middle;
            else after = middle;
        }
        return before;
    }
}
