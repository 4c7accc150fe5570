using System.Diagnostics;
using TokenLedger.Benchmarks.Http;

namespace TokenLedger.Benchmarks.Gateways;

/// <summary>
/// What a gateway adds to an inference server: ours with all services in its process, ours as a process of its own, and Portkey's, in turns with the same server asked directly.
/// </summary>
internal sealed class GatewayBench(Servers servers, BenchOptions options)
{
    private const string Pool = "bench";
    private const string SlowPool = "slow";
    private const string QuickPool = "quick";
    private const string Direct = "directly";
    private const int Turns = 3;
    private const int WarmUpSeconds = 10;
    private const int PromptsPerTurn = 30;
    private const int WatchedRequests = 100_000;
    private static readonly StreamLoad s_streams = new(tokensPerSecond: 40, tokens: 64);
    private static readonly StreamLoad s_slowStreams = new(tokensPerSecond: 10, tokens: 32);
    private static readonly int[] s_connections = [64, 256];
    private static readonly string s_tiny = Whole("hello there");
    private static readonly (string Name, byte[] Body)[] s_prompts = [("prompt-1kb", Prompt(10)), ("prompt-1mb", Prompt(10_000))];
    private readonly Dictionary<string, long> _failed = [];

    public async Task RunAsync(CancellationToken ct)
    {
        var database = await servers.NewDatabaseAsync(ct);
        await RunAsync(database, ct);
        await servers.DropAsync(database, ct);
    }

    private async Task RunAsync(string database, CancellationToken ct)
    {
        // Streams keep the pace of a model, which would be all that a quick answer waits for.
        await using var direct = await EngineAsync(["--sequence-tokens-per-second", $"{s_streams.TokensPerSecond}"], ct);
        await using var slowDirect = await EngineAsync(["--sequence-tokens-per-second", $"{s_slowStreams.TokensPerSecond}"], ct);
        await using var quickDirect = await EngineAsync([], ct);
        Dictionary<string, string> upstreams = new()
        {
            [$"Upstreams__{Pool}__0"] = $"{direct.Instance.Url}",
            [$"Upstreams__{SlowPool}__0"] = $"{slowDirect.Instance.Url}",
            [$"Upstreams__{QuickPool}__0"] = $"{quickDirect.Instance.Url}",
        };
        await using var product = await ProductAsync(database, upstreams, ct);
        await using var apart = new Contender("apart-", await Instance.StartGatewayAsync(database, product.Instance, upstreams, at: null, ct), product.Headers);
        await using var portkey = await PortkeyAsync(direct.Instance.Url, ct);
        var (paced, slow, quick) = (To(direct, product.Headers), To(slowDirect, await KeyAsync(product.Instance, SlowPool, ct)), To(quickDirect, await KeyAsync(product.Instance, QuickPool, ct)));
        foreach (var contender in paced) await s_streams.RunAsync(contender, TimeSpan.FromSeconds(WarmUpSeconds), ct);
        foreach (var contender in quick) await contender.LoadAsync(s_tiny, s_connections[0], WarmUpSeconds, ct);
        await StreamsAsync(paced, "", s_streams, ct);
        await StreamsAsync(slow, $"streams-{s_slowStreams.TokensPerSecond}/", s_slowStreams, ct);
        foreach (var connections in s_connections) await TinyAsync(quick, connections, ct);
        foreach (var (name, body) in s_prompts) await PromptsAsync(quick, name, body, ct);
        foreach (var contender in quick[1..]) Failed(contender, await new MemoryWatch(contender, s_tiny, s_connections[0], Watched(contender.Prefix == portkey?.Prefix)).RunAsync(ct));
        foreach (var contender in quick[1..]) Results.Row($"gateway/{contender.Prefix}failed", _failed.GetValueOrDefault(contender.Prefix), "requests");

        Contender[] To(Contender engine, (string, string)[] key) =>
            [engine, product with { Headers = key }, apart with { Headers = key }, .. portkey is null ? [] : (Contender[])[portkey with { Headers = Portkey.Headers(engine.Instance.Url) }]];
    }

    /// <summary>Portkey's gateway takes about fifty times as long, and is not what is promised here.</summary>
    private long Watched(bool isPortkey) => (options.Requests > 0 ? options.Requests : WatchedRequests) / (isPortkey ? 50 : 1);

    /// <summary>So quick that nothing waits for it, so large that nothing waits in it, and so talkative that an answer's limit is its length.</summary>
    private static async Task<Contender> EngineAsync(string[] more, CancellationToken ct) => new("", await Instance.StartEngineAsync(
    [
        "--model", "model", "--tokens-per-second", "10000000", "--prefill-tokens-per-second", "10000000", "--mean-output-tokens", "1000000",
        "--slots", "1024", "--max-model-len", "1000000", "--kv-cache-tokens", "10000000", .. more,
    ], ct), []);

    private static async Task<Contender> ProductAsync(string database, Dictionary<string, string> upstreams, CancellationToken ct)
    {
        var product = await Instance.StartProductAsync(database, ct, upstreams.ToDictionary(one => "TokenLedger__Gateway__" + one.Key, one => one.Value));
        return new("", product, await KeyAsync(product, Pool, ct));
    }

    private static async Task<(string Name, string Value)[]> KeyAsync(Instance product, string pool, CancellationToken ct) => [("Authorization", $"Bearer {await AdmitBench.OpenPoolAsync(product, ct, pool)}")];

    /// <summary>A comparison that cannot be made is a figure that is missed, not one that is left out.</summary>
    private static async Task<Contender?> PortkeyAsync(Uri engine, CancellationToken ct)
    {
        try
        {
            var portkey = await Portkey.StartAsync(engine, ct);
            Results.Row("gateway/portkey-runs", 1, "gateways");
            return portkey;
        }
        catch (BenchException e)
        {
            Results.Say($"Nothing is compared with Portkey's gateway. {e.Message}");
            Results.Row("gateway/portkey-runs", 0, "gateways");
            return null;
        }
    }

    /// <param name="pace">Of the names of the rows.</param>
    private async Task StreamsAsync(Contender[] all, string pace, StreamLoad load, CancellationToken ct)
    {
        // The two paces share the time of one measurement; the first length of a stream does not count.
        var duration = TimeSpan.FromTicks(Math.Max(options.Duration.Ticks / 2, 2 * load.Length.Ticks));
        var turns = await TakeTurnsAsync(all, contender => load.RunAsync(contender, duration, ct));
        for (var i = 0; i < all.Length; i++) Failed(all[i], turns[i].Sum(turn => turn.Failed));
        for (var i = 1; i < all.Length; i++)
        {
            foreach (var share in (double[])[0.5, 0.99])
            {
                Added($"ttft-added-p{100 * share}", turn => Rounds.Percentile(turn.FirstTokens, share));
                Added($"total-added-p{100 * share}", turn => Rounds.Percentile(turn.Totals, share));
            }
            Results.Row($"gateway/{all[i].Prefix}{pace}stream-processor", Rounds.Median(turns[i].Select(turn => turn.MicrosecondsPerEvent)), "µs/event");

            void Added(string what, Func<StreamTurn, double> number) => Row(all[i], pace + what, [.. turns[i].Select(number)], [.. turns[0].Select(number)]);
        }
    }

    private async Task TinyAsync(Contender[] all, int connections, CancellationToken ct)
    {
        var turns = await TakeTurnsAsync(all, async contender =>
        {
            var before = contender.Instance.ProcessorTime;
            var seen = await contender.LoadAsync(s_tiny, connections, Math.Max(1, options.Seconds / Turns), ct);
            Failed(contender, seen.Refused + seen.Broken);
            return (seen.PerSecond, Microseconds: (contender.Instance.ProcessorTime - before).TotalMicroseconds / Math.Max(1, seen.Requests));
        });
        for (var i = 1; i < all.Length; i++)
        {
            Results.Row($"gateway/{all[i].Prefix}tiny-{connections}", Rounds.Typical(turns[i].ConvertAll(turn => turn.PerSecond), turns[0].ConvertAll(turn => turn.PerSecond)), "requests/s", Direct);
            Results.Row($"gateway/{all[i].Prefix}tiny-{connections}-processor", Rounds.Median(turns[i].Select(turn => turn.Microseconds)), "µs/request");
        }
    }

    private async Task PromptsAsync(Contender[] all, string name, byte[] body, CancellationToken ct)
    {
        var turns = await TakeTurnsAsync(all, async contender =>
        {
            List<double> times = [];
            for (var n = 0; n < PromptsPerTurn; n++)
            {
                using var message = contender.Ask(body);
                var started = Stopwatch.GetTimestamp();
                using var answer = await contender.Http.SendAsync(message, ct);
                times.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
                Failed(contender, answer.IsSuccessStatusCode ? 0 : 1);
            }
            return Rounds.Median(times);
        });
        for (var i = 1; i < all.Length; i++) Row(all[i], $"{name}-added", turns[i], turns[0]);
    }

    private void Failed(Contender contender, long requests)
    {
        if (requests > 0) Results.Say($"{requests} requests through {contender.Instance.Url} were not answered well.");
        _failed[contender.Prefix] = _failed.GetValueOrDefault(contender.Prefix) + requests;
    }

    /// <summary>In each turn the number of the gateway less that of the server itself; the median of the turns.</summary>
    private static void Row(Contender contender, string what, List<double> through, List<double> direct) =>
        Results.Row($"gateway/{contender.Prefix}{what}", Rounds.Median(through.Zip(direct, (gateway, server) => gateway - server)), "ms", Rounds.Median(direct), Direct);

    private static async Task<List<T>[]> TakeTurnsAsync<T>(Contender[] all, Func<Contender, Task<T>> work)
    {
        var turns = all.Select(_ => new List<T>()).ToArray();
        for (var turn = 0; turn < Turns; turn++)
            for (var i = 0; i < all.Length; i++) turns[i].Add(await work(all[i]));
        return turns;
    }

    /// <summary>Words of a hundred letters: the simulated engine works on words, and its own work on this prompt shall be small.</summary>
    private static byte[] Prompt(int words) => System.Text.Encoding.UTF8.GetBytes(Whole(string.Join(' ', Enumerable.Range(0, words).Select(n => $"{n:d99}"))));

    private static string Whole(string prompt) => $$"""{"model":"model","max_tokens":1,"messages":[{"role":"user","content":"{{prompt}}"}]}""";
}
