using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;
using TokenLedger.Ledger;

namespace TokenLedger.Benchmarks.Http;

/// <summary>
/// Admissions over HTTP, authenticated, decided and durable before they are answered, against the least that answers JSON and against the product without the disk.
/// The three take turns under the same load. Afterwards the ledger is counted: it must hold every request that was told yes.
/// </summary>
internal sealed class AdmitBench(Servers servers, BenchOptions options)
{
    public const string Admit = "admit";
    private const string Mixed = "mixed";
    private const string Empty = "an empty endpoint";
    private const string NoAppend = "the same without the append";
    private const int Turns = 3;
    private const int WarmUpSeconds = 15;
    private static readonly int[] s_connections = [64, 256];
    private long _accepted, _refused;

    private sealed record Contender(Instance Instance, string Key, bool IsProduct = false);

    /// <summary>One turn: what wrk saw, and the processor time that a request cost the server.</summary>
    private sealed record Turn(WrkResult Seen, double MicrosecondsOfProcessor);

    private int TurnSeconds => Math.Max(1, options.Seconds / Turns);

    public async Task RunAsync(CancellationToken ct)
    {
        var (database, other) = (await servers.NewDatabaseAsync(ct), await servers.NewDatabaseAsync(ct));
        await using (var product = await Instance.StartProductAsync(database, ct))
        await using (var empty = await Instance.StartEmptyAsync(ct))
        await using (var memory = await Instance.StartWithoutAppendAsync(other, ct))
        {
            Contender[] all = [new(empty, "none"), new(product, await OpenPoolAsync(product, ct), IsProduct: true), new(memory, await OpenPoolAsync(memory, ct))];
            // The compiler works on hot code for many seconds: before that, each turn would be quicker than the one before.
            foreach (var contender in all) await LoadAsync(contender, Mixed, 64, WarmUpSeconds, ct);
            foreach (var connections in s_connections) await AdmissionsAsync(all, connections, ct);
            foreach (var connections in s_connections) await MixedAsync(all[..2], connections, ct);
        }
        await CountAsync(database, ct);
        await servers.DropAsync(database, ct);
        await servers.DropAsync(other, ct);
    }

    private async Task AdmissionsAsync(Contender[] all, int connections, CancellationToken ct)
    {
        var results = await TakeTurnsAsync(all, Admit, connections, ct);
        var (empty, product, memory) = (results[0], results[1], results[2]);
        Row("", turn => turn.Seen.PerSecond, "requests/s", empty, Empty);
        Row("-to-no-append", turn => turn.Seen.PerSecond, "requests/s", memory, NoAppend);
        Row("-processor", turn => turn.MicrosecondsOfProcessor, "µs/request", empty, Empty);
        Row("-processor-to-no-append", turn => turn.MicrosecondsOfProcessor, "µs/request", memory, NoAppend);
        Results.Row($"admit/{connections}-p50", Milliseconds(product, empty, turn => turn.Seen.P50), "ms", Empty);
        Results.Row($"admit/{connections}-p99", Milliseconds(product, empty, turn => turn.Seen.P99), "ms", Empty);

        void Row(string what, Func<Turn, double> number, string unit, List<Turn> baseline, string against) =>
            Results.Row($"admit/{connections}{what}", Typical(product, baseline, number), unit, against);
    }

    private async Task MixedAsync(Contender[] both, int connections, CancellationToken ct)
    {
        var results = await TakeTurnsAsync(both, Mixed, connections, ct);
        Results.Row($"admit/mixed-{connections}", Typical(results[1], results[0], turn => turn.Seen.PerSecond), "requests/s", Empty);
        Results.Row($"admit/mixed-{connections}-p99", Milliseconds(results[1], results[0], turn => turn.Seen.P99), "ms", Empty);
    }

    private async Task<List<Turn>[]> TakeTurnsAsync(Contender[] contenders, string mode, int connections, CancellationToken ct)
    {
        var results = contenders.Select(_ => new List<Turn>()).ToArray();
        for (var turn = 0; turn < Turns; turn++)
            for (var i = 0; i < contenders.Length; i++) results[i].Add(await LoadAsync(contenders[i], mode, connections, TurnSeconds, ct));
        return results;
    }

    private async Task<Turn> LoadAsync(Contender contender, string mode, int connections, int seconds, CancellationToken ct)
    {
        var before = contender.Instance.ProcessorTime;
        var result = await Wrk.RunAsync(contender.Instance.Url, mode, contender.Key, connections, seconds, ct);
        if (contender.IsProduct) (_accepted, _refused) = (_accepted + result.Accepted, _refused + result.Refused + result.Broken);
        return new(result, (contender.Instance.ProcessorTime - before).TotalMicroseconds / Math.Max(1, result.Requests));
    }

    /// <summary>What was answered yes must be recorded; what was under way when the load stopped may be recorded besides.</summary>
    private async Task CountAsync(string database, CancellationToken ct)
    {
        await using var source = LedgerDatabase.Open(database);
        await using var command = source.CreateCommand(BenchSql.Load("CountAccepted"));
        command.Parameters.Add(new() { Value = new[] { EventCatalogue.WireName<RequestAdmitted>(), EventCatalogue.WireName<TokensConsumed>() } });
        var recorded = (long)(await command.ExecuteScalarAsync(ct))!;
        Results.Row("admit/refused", _refused, "requests");
        Results.Row("admit/missing", Math.Max(0, _accepted - recorded), "requests", _accepted, "requests told yes");
    }

    public static async Task<string> OpenPoolAsync(Instance instance, CancellationToken ct, string pool = "bench")
    {
        var huge = new CapacityShape(100_000_000_000, 1L << 52, 10_000_000);
        await instance.PutAsync($"/v1/pools/{pool}", new PutPool("model", 1, huge, 1, 200, new(1, 1, 0.8), LeaseSeconds: 86_400), ct);
        await instance.PutAsync($"/v1/pools/{pool}/entitlements/one", new PutEntitlement(new TenantId("one"), ServiceClass.Elastic, 500, huge), ct);
        return await instance.NewKeyAsync($"/v1/pools/{pool}/entitlements/one/keys", ct);
    }

    private static (double, double) Typical(List<Turn> turns, List<Turn> baseline, Func<Turn, double> number) =>
        Rounds.Typical([.. turns.Select(number)], [.. baseline.Select(number)]);

    /// <summary>Latencies are judged by themselves, not beside the baseline's.</summary>
    private static (double, double) Milliseconds(List<Turn> turns, List<Turn> baseline, Func<Turn, long> microseconds) =>
        (Rounds.Median(turns.Select(turn => microseconds(turn) / 1_000.0)), Rounds.Median(baseline.Select(turn => microseconds(turn) / 1_000.0)));
}
