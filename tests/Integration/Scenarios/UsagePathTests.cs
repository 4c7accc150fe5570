using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace TokenLedger.Tests.Integration.Scenarios;

/// <summary>Both production traces as usage that is sent one to five times, in no order, while the product is killed: every path to the totals gives those of the files.</summary>
[Collection(nameof(Scenarios))]
public sealed class UsagePathTests : IAsyncDisposable
{
    private const string Pool = "azure";
    private const string Huge = """{"tokensPerSecond":100000000,"kvCacheBytes":8000000000000,"sequences":100000}""";
    private const string Model = "llama-3-70b";
    private const long InputPrice = 312_345;
    private const long OutputPrice = 951_237;
    private const int Batch = 500;
    private const int Posters = 4;
    private static readonly string[] s_tenants = ["code", "conv"];
    private const long Taken = 10;
    private readonly HashSet<string> _corrected = [];
    private readonly TempHome _home = new();
    private readonly TempHome _exports = new();
    private readonly ProductProcess _product;
    private readonly Operator _operator;
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(30) };

    public UsagePathTests()
    {
        _product = new("AllInOne", new Dictionary<string, string> { ["TOKENLEDGER_HOME"] = _home.Folder });
        _operator = new(_product.Url);
    }

    private sealed record Sent(string Tenant, string Id, long Input, long Output)
    {
        public string Json { get; } = string.Create(CultureInfo.InvariantCulture, $$$"""
            {"specversion":"1.0","type":"tokenledger.tokens-consumed.v1","source":"trace","id":"{{{Id}}}","subject":"{{{Id}}}",
             "data":{"inputTokens":{{{Input}}},"outputTokens":{{{Output}}},"outcome":"completed","completedAt":"2026-01-31T23:59:59Z"}}
            """);
    }

    [Fact]
    public async Task Every_path_gives_the_totals_of_the_trace_files()
    {
        await _product.StartAsync();
        await _operator.OpenPoolAsync(Pool, Huge, leaseSeconds: 60);
        await _operator.SetPricesAsync(Model, InputPrice, OutputPrice);
        var sent = s_tenants.Zip(TraceFiles.Both).SelectMany(pair => Rows(pair.First, pair.Second)).ToList();
        var keys = new Dictionary<string, string>();
        foreach (var tenant in s_tenants) keys[tenant] = await _operator.GrantAsync(Pool, tenant, "spot");

        var sending = SendAsync(sent, keys);
        await _operator.PlayedAsync(sent.Count / 3.0, sending);
        await _product.KillAsync();
        await _product.StartAsync();
        await sending;

        foreach (var (tenant, trace) in s_tenants.Zip(TraceFiles.Both)) Assert.Equal((trace.Requests, trace.Input, trace.Output), await _operator.TotalsAsync(tenant));
        var history = await _operator.HistoryAsync();
        Assert.Equal((sent.Count, sent.Sum(one => one.Input), sent.Sum(one => one.Output)), (history.Count, history.Sum(entry => Number(entry, "inputTokens")), history.Sum(entry => Number(entry, "outputTokens"))));
        var rows = (await Commands.UsageAsync(_product.Url, "--group-by", "tenant", "--window", "month")).GetProperty("rows").EnumerateArray().ToList();
        Assert.Equal(TraceFiles.Both.Select(trace => (trace.Requests, trace.Input, trace.Output)), rows.Select(row => (Number(row, "requests"), Number(row, "inputTokens"), Number(row, "outputTokens"))));
        Assert.True((await Commands.ReconcileAsync(_product.Url, Export(sent), exitCode: 0)).GetProperty("ok").GetBoolean());
        await ChargesAreAsync(sent);
        await CorrectAsync(sent);
        await ChargesAreAsync(sent.Select(one => _corrected.Contains(one.Id) ? one with { Output = one.Output - Taken } : one));
    }

    /// <summary>Each row of the files at its price, rounded by itself, is what usage, the lines of the statement and its rows in FOCUS come to.</summary>
    private async Task ChargesAreAsync(IEnumerable<Sent> sent)
    {
        foreach (var rows in sent.GroupBy(one => one.Tenant))
        {
            var cost = await _operator.CostAsync(rows.Key);
            Assert.Equal(rows.Sum(one => Micros(one.Input, InputPrice) + Micros(one.Output, OutputPrice)), cost);
            var due = (rows.Sum(one => one.Input + one.Output), cost);
            Assert.Equal((due, due), await _operator.FirstStatementAsync(rows.Key));
        }

        static long Micros(long tokens, long price) => (long)Math.Round(tokens * (decimal)price / 1_000_000, MidpointRounding.ToEven);
    }

    /// <summary>What is corrected in the ledger is what reconciliation finds, and nothing else, until the export says so, too.</summary>
    private async Task CorrectAsync(List<Sent> sent)
    {
        var corrected = sent.Where(one => one.Output > Taken).Take(20).ToList();
        _corrected.UnionWith(corrected.Select(one => one.Id));
        foreach (var one in corrected)
            await Commands.UsageAsync(_product.Url, "correct", "--id", $"c-{one.Id}", "--source", "trace", "--event", one.Id, "--output", $"{-Taken}", "--reason", "The invoice counts less.");
        Assert.Equal(
            (sent.Count, sent.Sum(one => one.Input), sent.Sum(one => one.Output) - Taken * corrected.Count),
            await _operator.TotalsAsync());
        var report = await Commands.ReconcileAsync(_product.Url, Export(sent), exitCode: 1, "--pool", Pool, "--from", "2026-01-01", "--to", "2026-02-01");
        Assert.Equal(corrected.Select(one => one.Id).Order(), report.GetProperty("differences").EnumerateArray().Select(row => row.GetProperty("requestId").GetString()!).Order());
        Assert.All(report.GetProperty("differences").EnumerateArray(), row => Assert.Equal(("different", -Taken),
            (row.GetProperty("kind").GetString(), Number(row.GetProperty("ledger"), "outputTokens") - Number(row.GetProperty("file"), "outputTokens"))));
        Assert.Equal(Taken * corrected.Count, Number(report.GetProperty("file"), "outputTokens") - Number(report.GetProperty("ledger"), "outputTokens"));
        await Commands.ReconcileAsync(_product.Url, Export(sent.Select(one => corrected.Contains(one) ? one with { Output = one.Output - Taken } : one)), exitCode: 0);
    }

    private static IEnumerable<Sent> Rows(string tenant, Trace trace) => File.ReadLines(trace.File).Skip(1).Where(line => line.Length > 0).Select((line, row) =>
    {
        var fields = line.Split(',');
        return new Sent(tenant, $"{(tenant == "code" ? 1 : 2):x8}-0000-4000-8000-{row:x12}", long.Parse(fields[1], CultureInfo.InvariantCulture), long.Parse(fields[2], CultureInfo.InvariantCulture));
    });

    private string Export(IEnumerable<Sent> sent)
    {
        var file = Path.Combine(_exports.Folder, $"{Guid.NewGuid():N}.csv");
        File.WriteAllLines(file, sent.Select(one => string.Create(CultureInfo.InvariantCulture, $"{one.Id},{one.Output},{one.Input}")).Prepend("request_id,completion_tokens,prompt_tokens"));
        return file;
    }

    private async Task SendAsync(List<Sent> sent, Dictionary<string, string> keys)
    {
        var random = new Random(3);
        var copies = sent.SelectMany(one => Enumerable.Repeat(one, random.Next(1, 6))).ToArray();
        random.Shuffle(copies);
        var batches = copies.GroupBy(one => one.Tenant).SelectMany(group => group.Chunk(Batch).Select(batch => (Key: keys[group.Key], batch))).ToArray();
        random.Shuffle(batches);
        await Parallel.ForEachAsync(batches, new ParallelOptions { MaxDegreeOfParallelism = Posters, CancellationToken = TestContext.Current.CancellationToken },
            async (batch, ct) => await Eventually.HoldsAsync("a batch is taken", () => PostAsync(batch.Key, $"[{string.Join(',', batch.batch.Select(one => one.Json))}]", ct)));
    }

    /// <summary>False when the batch must be sent again: the product was killed, or it is not there yet.</summary>
    private async Task<bool> PostAsync(string key, string body, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_product.Url, "/v1/usage")) { Content = new StringContent(body, new MediaTypeHeaderValue("application/cloudevents-batch+json")) };
        request.Headers.Authorization = new("Bearer", key);
        try
        {
            using var answer = await _http.SendAsync(request, ct);
            if (answer.StatusCode != HttpStatusCode.Accepted) return false;
            using var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(ct));
            Assert.Equal(0, Number(json.RootElement, "rejected"));
            return true;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static long Number(JsonElement json, string name) => json.GetProperty(name).GetInt64();

    public async ValueTask DisposeAsync()
    {
        await _product.DisposeAsync();
        _http.Dispose();
        _exports.Dispose();
        _home.Dispose();
    }
}
