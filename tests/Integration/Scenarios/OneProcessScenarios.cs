using System.Globalization;
using System.Text.Json;

namespace TokenLedger.Tests.Integration.Scenarios;

/// <summary>Both production traces through all services in one process with its private PostgreSQL, whatever is killed meanwhile.</summary>
[Collection(nameof(Scenarios))]
public sealed class OneProcessScenarios : IAsyncDisposable
{
    private const string Pool = "azure";
    private const string Large = """{"tokensPerSecond":100000000,"kvCacheBytes":8000000000000,"sequences":100000}""";
    private const string Small = """{"tokensPerSecond":60000,"kvCacheBytes":3000000000,"sequences":24}""";
    private readonly TempHome _home = new();
    private readonly ProductProcess _product;
    private readonly Operator _operator;

    public OneProcessScenarios()
    {
        _product = new("AllInOne", new Dictionary<string, string> { ["TOKENLEDGER_HOME"] = _home.Folder });
        _operator = new(_product.Url);
    }

    [Fact]
    public async Task Bills_both_traces_to_the_token()
    {
        var keys = await StartAsync(leaseSeconds: 120);
        await Task.WhenAll(PlayAsync(keys));
        await TotalsAreExactAsync();

        var history = await _operator.HistoryAsync();
        Assert.Equal(TraceFiles.Requests, history.Count);
        Assert.Equal(history.Count, history.Select(entry => entry.GetProperty("requestId").GetString()).Distinct().Count());
        Assert.All(history, entry => Assert.True(entry.GetProperty("admitted").GetBoolean()));
    }

    [Fact]
    public async Task Counts_nothing_twice_and_loses_nothing_when_it_is_killed()
    {
        var keys = await StartAsync(leaseSeconds: 10);
        var play = Task.WhenAll(PlayAsync(keys));
        foreach (var share in (double[])[0.15, 0.4, 0.7])
        {
            await _operator.PlayedAsync(share * TraceFiles.Requests, play);
            await _product.KillAsync();
            await _product.StartAsync();
        }
        await play;
        await TotalsAreExactAsync();
    }

    [Fact]
    public async Task Counts_nothing_twice_and_loses_nothing_when_PostgreSQL_is_killed()
    {
        var keys = await StartAsync(leaseSeconds: 10);
        var play = Task.WhenAll(PlayAsync(keys));
        foreach (var share in (double[])[0.2, 0.6])
        {
            await _operator.PlayedAsync(share * TraceFiles.Requests, play);
            var server = int.Parse(File.ReadLines(Path.Combine(_home.Folder, "postgres", "postmaster.pid")).First(), CultureInfo.InvariantCulture);
            System.Diagnostics.Process.GetProcessById(server).Kill();
        }
        await play;
        await TotalsAreExactAsync();
    }

    [Fact]
    public async Task Refuses_with_a_reason_what_a_small_pool_cannot_hold()
    {
        await _product.StartAsync();
        await _operator.OpenPoolAsync(Pool, Small, leaseSeconds: 60);
        var guaranteed = await _operator.GrantAsync(Pool, "code", "guaranteed", """{"tokensPerSecond":20000,"kvCacheBytes":1000000000,"sequences":8}""");
        var spot = await _operator.GrantAsync(Pool, "conv", "spot");
        var plays = await Task.WhenAll(PlayAsync([guaranteed, spot], "--limit", "4000"));

        foreach (var play in plays)
        {
            Assert.Equal(Number(play, "offered"), Number(play, "served") + Number(play, "refused"));
            Assert.NotEqual(0, Number(play, "served"));
            Assert.NotEqual(0, Number(play, "refused"));
            Assert.Equal(Number(play, "refused"), play.GetProperty("refusedByReason").EnumerateObject().Sum(reason => reason.Value.GetInt64()));
        }
        var (requests, _, _) = await _operator.TotalsAsync();
        Assert.Equal(plays.Sum(play => Number(play, "served")), requests);
        await _operator.NothingHeldAsync(Pool);
        await VerifiedAsync();
    }

    private async Task<string[]> StartAsync(int leaseSeconds)
    {
        await _product.StartAsync();
        await _operator.OpenPoolAsync(Pool, Large, leaseSeconds);
        const string baseline = """{"tokensPerSecond":1000000,"kvCacheBytes":1000000000,"sequences":1000}""";
        return [await _operator.GrantAsync(Pool, "code", "elastic", baseline), await _operator.GrantAsync(Pool, "conv", "elastic", baseline)];
    }

    private IEnumerable<Task<JsonElement>> PlayAsync(string[] keys, params string[] more) =>
        keys.Zip(TraceFiles.Both, (key, trace) => Commands.PlayAsync(_product.Url, _product.Url, Pool, key, [trace.File], more));

    private async Task TotalsAreExactAsync()
    {
        var tenants = (string[])["code", "conv"];
        foreach (var (tenant, trace) in tenants.Zip(TraceFiles.Both))
            Assert.Equal((trace.Requests, trace.Input, trace.Output), await _operator.TotalsAsync(tenant));
        Assert.Equal(
            (TraceFiles.Requests, TraceFiles.Both.Sum(t => t.Input), TraceFiles.Both.Sum(t => t.Output)),
            await _operator.TotalsAsync());
        await _operator.NothingHeldAsync(Pool);
        await VerifiedAsync();
    }

    private async Task VerifiedAsync()
    {
        var verified = await Commands.VerifyAsync(_product.Url);
        Assert.True(verified.GetProperty("ok").GetBoolean());
        Assert.True(Assert.Single(verified.GetProperty("pools").EnumerateArray()).GetProperty("lowestTokens").GetDecimal() >= 0);
    }

    private static long Number(JsonElement json, string name) => json.GetProperty(name).GetInt64();

    public async ValueTask DisposeAsync()
    {
        await _product.DisposeAsync();
        _home.Dispose();
    }
}

/// <summary>Scenarios use both cores; one at a time, and nothing beside them.</summary>
[CollectionDefinition(nameof(Scenarios), DisableParallelization = true)]
public sealed class Scenarios;
