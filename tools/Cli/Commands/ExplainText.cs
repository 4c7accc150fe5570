using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Spectre.Console;
using TokenLedger.Cli.Replay;
using TokenLedger.Contracts;
using TokenLedger.Core.Pools;
using TokenLedger.Core.Replay;
using static TokenLedger.Cli.Commands.PoolTables;

namespace TokenLedger.Cli.Commands;

/// <summary>An explanation in words and tables.</summary>
internal static class ExplainText
{
    public static void Write(IAnsiConsole console, RequestReport report)
    {
        foreach (var attempt in report.Attempts) Write(console, report.Pool, attempt);
        if (report.Afterwards.Count == 0)
        {
            console.WriteLine("Nothing else is recorded on it.");
            return;
        }
        var since = report.Attempts.LastOrDefault(attempt => attempt.Explanation.Admitted)?.Explanation.At ?? report.Attempts[^1].Explanation.At;
        console.WriteLine("Besides:");
        foreach (var e in report.Afterwards)
            console.WriteLine($"  position {Number(e.Position)}, {Seconds((e.Timestamp - since).Duration())} {(e.Timestamp < since ? "before" : "later")}: {e.Type}: {Words(e.Data)}");
    }

    private static void Write(IAnsiConsole console, PoolId pool, ExplainedAttempt attempt)
    {
        var e = attempt.Explanation;
        console.WriteLine($"Request {e.Request} asked pool {pool} at {e.At.UtcDateTime:O} (answered at position {attempt.Position}) for {Number(e.InputTokens)} input and at most {Number(e.OutputLimit)} output tokens{(e.OutputIsTheDefault ? " (the pool's default)" : "")}{(e.OutputTokens < e.OutputLimit ? $", of which {Number(e.OutputTokens)} are reserved by estimate" : "")}:");
        console.WriteLine($"{Number(e.Need.Tokens)} tokens, {Number(e.Need.KvCacheBytes)} KV-cache bytes and {e.Need.Sequences} sequence, for entitlement {e.Entitlement} of tenant {e.Tenant} ({Word(e.Before.ServiceClass)}, {Word(e.Before.State)}).");
        WriteState(console, e);
        WriteRules(console, e);
        console.WriteLine(Verdict(e));
        console.WriteLine();
    }

    private static void WriteState(IAnsiConsole console, AdmissionExplanation e)
    {
        var (pool, before) = (e.Pool, e.Before);
        var table = Terminal.NewTable("just before", "tokens", "KV-cache bytes", "sequences").AlignRight(1..);
        table.AddPlainRow($"pool: capacity of {pool.Replicas} replicas (tokens per second)", Number(pool.Capacity.TokensPerSecond), Number(pool.Capacity.KvCacheBytes), Number(pool.Capacity.Sequences));
        table.AddPlainRow($"pool: held by {pool.OpenReservations} requests", Number(pool.Held.Tokens), Number(pool.Held.KvCacheBytes), Number(pool.Held.Sequences));
        table.AddPlainRow("pool: floors kept free for their owners", Number(pool.Floors.TokensPerSecond), Number(pool.Floors.KvCacheBytes), Number(pool.Floors.Sequences));
        table.AddPlainRow("pool: room for this entitlement (tokens: the surplus bucket)", Number(pool.SurplusTokens), Number(before.RoomKvCacheBytes), Number(before.RoomSequences));
        table.AddPlainRow("entitlement: effective limits", Number(before.Limits.TokensPerSecond), Number(before.Limits.KvCacheBytes), Number(before.Limits.Sequences));
        table.AddPlainRow("entitlement: in flight", Number(before.InFlight.Tokens), Number(before.InFlight.KvCacheBytes), Number(before.InFlight.Sequences));
        table.AddPlainRow($"entitlement: level of its bucket of {Number(before.BucketTokens)}", Number(before.Tokens), "", "");
        console.Write(table);
        console.WriteLine($"Policy {Word(e.Policy)}. Weight {Ratio(before.Weight)}, debt {Ratio(before.Debt)}, burst {Ratio(before.Burst)}; its requests last {(before.MeanHold is { } hold ? Seconds(hold) : "nobody knows how long")}.");
    }

    private static void WriteRules(IAnsiConsole console, AdmissionExplanation e)
    {
        var table = Terminal.NewTable("rule", "compares", "verdict");
        foreach (var rule in e.Rules)
            table.AddPlainRow(
                Word(rule.Rule), rule.Measures.Count == 0 ? "in force" : string.Join("; ", rule.Measures.Select(m => $"{m.Dimension}: needs {(m.MustExceed ? "more than " : "")}{Amount(m.Needs)}, has {Amount(m.Has)}")),
                (rule.WasAsked, rule.Passes) switch { (true, true) => "passes", (true, false) => "refuses", (false, true) => "not asked (would pass)", _ => "not asked (would refuse)" });
        console.Write(table);
    }

    private static string Verdict(AdmissionExplanation e)
    {
        if (e.Refused is { } rule) return $"Refused by {Word(rule)}. {RetryAfter(e)}";
        if (e.ShadowDenial is { } shadow) return $"Admitted in shadow mode: {Word(shadow)} would have refused it.";
        return e.Evicted.Count == 0 ? "Admitted: every rule passed." : $"Admitted: every rule passed after {e.Evicted.Count} preemptible requests were stopped: {string.Join(", ", e.Evicted)}.";
    }

    private static string RetryAfter(AdmissionExplanation e)
    {
        if (e.RetryBasis is null or RetryBasis.Never) return "No Retry-After: waiting is in vain.";
        var from = e.RetryBasis switch
        {
            RetryBasis.NothingKnown => "nothing in the ledger says when there will be capacity",
            RetryBasis.MeanHold => "when enough requests end, if they last as long as the last ones did",
            RetryBasis.NominalHold => "when enough requests end at the speed of a full pool; none has ended yet that would tell how long they last",
            RetryBasis.RateBucket => "when the entitlement's bucket holds what the request needs",
            RetryBasis.FloorBucket => "when the bucket of the entitlement's baseline holds what the request needs",
            RetryBasis.SurplusBucket => "when the pool's surplus bucket holds what the request needs",
            RetryBasis.Told => "the time it was told before",
            _ => throw new UnreachableException(),
        };
        return $"Retry-After {((e.RetryAfterMs!.Value + 999) / 1000).ToString(CultureInfo.InvariantCulture)} s ({Number(e.RetryAfterMs.Value)} ms, at least a second): {from}.";
    }

    /// <summary>The data without what the reader knows already; of an amount, the dimensions that are not zero.</summary>
    private static string Words(JsonElement data) => string.Join(", ", data.EnumerateObject()
        .Where(field => field.Name is not ("pool" or "request" or "entitlement" or "tenant" or "model" or "serviceClass"))
        .Select(field => $"{field.Name} {(field.Value.ValueKind == JsonValueKind.Object ? Amount(field.Value) : field.Value.ToString())}"));

    private static string Amount(JsonElement amount)
    {
        var parts = amount.EnumerateObject().Where(field => field.Value.ToString() != "0").Select(field => $"{field.Value} {field.Name}").ToList();
        return parts.Count == 0 ? "none" : $"({string.Join(", ", parts)})";
    }

    private static string Amount(decimal amount) => amount.ToString("#,0.####", CultureInfo.InvariantCulture);

    private static string Seconds(TimeSpan span) => span.TotalSeconds.ToString("0.000", CultureInfo.InvariantCulture) + " s";

    private static string Ratio(double value) => value.ToString("0.####", CultureInfo.InvariantCulture);
}
