using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using TokenLedger.Tests.Integration.Billing;

namespace TokenLedger.Tests.Integration.Scenarios;

/// <summary>An operator at the API: sets pools up and asks for what the scenarios check. The services may listen on one address or on four.</summary>
internal sealed class Operator(Uri admission, Uri metering, Uri autoscaler)
{
    private static readonly HttpClient s_http = new()
    {
        DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", ProductProcess.OperatorKey) },
        Timeout = TimeSpan.FromSeconds(30),
    };

    public Operator(Uri everything) : this(everything, everything, everything) { }

    public Task OpenPoolAsync(string pool, string perReplica, int leaseSeconds, int replicas = 1) => PutAsync(new Uri(admission, $"/v1/pools/{pool}"), $$$"""
        {"model":"llama-3-70b","replicas":{{{replicas}}},"perReplica":{{{perReplica}}},"kvBytesPerToken":131072,"defaultMaxOutputTokens":1024,
         "leaseSeconds":{{{leaseSeconds}}},"scaling":{"minReplicas":1,"maxReplicas":4,"targetUtilization":0.8}}
        """);

    /// <summary>Grants an entitlement to a tenant of the same name, and returns an inference key of it.</summary>
    public async Task<string> GrantAsync(string pool, string entitlement, string serviceClass, string? baseline = null)
    {
        var address = new Uri(admission, $"/v1/pools/{pool}/entitlements/{entitlement}");
        var terms = baseline is null ? "" : $",\"baseline\":{baseline}";
        await PutAsync(address, $$"""{"tenant":"{{entitlement}}","serviceClass":"{{serviceClass}}","sloTargetMs":500{{terms}}}""");
        using var answer = await s_http.PostAsync(new Uri(address + "/keys"), null);
        return (await ReadAsync(answer)).GetProperty("key").GetString()!;
    }

    public Task ReportCapacityAsync(string pool, int replicas) => PutAsync(new Uri(autoscaler, $"/v1/pools/{pool}/capacity"), $$"""{"replicas":{{replicas}}}""");

    public async Task<JsonElement> PoolAsync(string pool) => await GetAsync(new Uri(admission, $"/v1/pools/{pool}"));

    public async Task<long> HeadAsync() => (await GetAsync(new Uri(metering, "/v1/ledger/head"))).GetProperty("position").GetInt64();

    /// <summary>Totals that are true at the present head or later: requests, input and output tokens.</summary>
    public async Task<(long Requests, long Input, long Output)> TotalsAsync(string? tenant = null)
    {
        var query = $"/v1/usage?atLeast={await HeadAsync()}{(tenant is null ? "" : $"&tenant={tenant}")}";
        var rows = (await GetAsync(new Uri(metering, query))).GetProperty("rows");
        return rows.GetArrayLength() == 0 ? default : (Number(rows[0], "requests"), Number(rows[0], "inputTokens"), Number(rows[0], "outputTokens"));
    }

    /// <summary>Returns when this many requests are billed, or when the play is over. An instance that is being killed need not answer.</summary>
    public Task PlayedAsync(double requests, Task play) => Eventually.HoldsAsync($"{requests:0} requests are billed", async () =>
    {
        if (play.IsCompleted) return true;
        try
        {
            using var answer = await s_http.GetAsync(new Uri(metering, "/v1/usage"));
            if (!answer.IsSuccessStatusCode) return false;
            var rows = (await ReadAsync(answer)).GetProperty("rows");
            return rows.GetArrayLength() > 0 && Number(rows[0], "requests") >= requests;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    });

    /// <summary>Prices in micro-units per million tokens, for all classes and from long ago.</summary>
    public Task SetPricesAsync(string model, long input, long output) => PutAsync(new Uri(metering, $"/v1/prices/{model}"), $$"""
        {"effectiveFrom":"2020-01-01T00:00:00Z","rates":[{"kind":"input","microsPerMillion":{{input}}},{"kind":"output","microsPerMillion":{{output}}}]}
        """);

    /// <summary>What all consumption of a tenant costs, in micro-units.</summary>
    public async Task<long> CostAsync(string tenant) => Number((await GetAsync(new Uri(metering, $"/v1/usage?atLeast={await HeadAsync()}&tenant={tenant}"))).GetProperty("rows")[0], "costMicros");

    /// <summary>The first statement of a tenant as it stands before its close: tokens and micro-units, as its lines say and as its rows in FOCUS do.</summary>
    public async Task<((long Tokens, long Micros) Lines, (long Tokens, long Micros) Focus)> FirstStatementAsync(string tenant)
    {
        var began = (await GetAsync(new Uri(metering, "/v1/ledger/events?limit=1"))).GetProperty("events")[0].GetProperty("timestamp").GetDateTimeOffset();
        var address = new Uri(metering, string.Create(CultureInfo.InvariantCulture, $"/v1/statements/{tenant}/{began:yyyy-MM}?draft=true"));
        var lines = (await GetAsync(address)).GetProperty("lines").EnumerateArray().ToList();
        using var answer = await s_http.GetAsync(new Uri(address + "&format=focus"));
        var rows = CsvTable.Read(await answer.EnsureSuccessStatusCode().Content.ReadAsStringAsync());
        return (
            (lines.Sum(line => Number(line, "tokens")), lines.Sum(line => Number(line, "micros"))),
            (rows.Sum(row => long.Parse(row["ConsumedQuantity"], CultureInfo.InvariantCulture)), rows.Sum(row => (long)(decimal.Parse(row["BilledCost"], CultureInfo.InvariantCulture) * 1_000_000))));
    }

    /// <summary>All entries of the consumption history, page by page.</summary>
    public async Task<List<JsonElement>> HistoryAsync()
    {
        List<JsonElement> entries = [];
        for (long? after = 0; after is { } from;)
        {
            var page = await GetAsync(new Uri(metering, $"/v1/usage/events?after={from}&limit=5000&atLeast={await HeadAsync()}"));
            entries.AddRange(page.GetProperty("events").EnumerateArray());
            after = page.TryGetProperty("next", out var next) ? next.GetInt64() : null;
        }
        return entries;
    }

    /// <summary>Returns when nothing is held in any dimension.</summary>
    public Task NothingHeldAsync(string pool) => Eventually.HoldsAsync($"nothing is held in {pool}", async () =>
    {
        var view = await PoolAsync(pool);
        return Number(view, "openReservations") == 0
            && view.GetProperty("dimensions").EnumerateObject().All(dimension => Number(dimension.Value, "held") == 0);
    });

    /// <summary>Returns when Fairness has ticked the pool.</summary>
    public static Task TickedAsync(Uri fairness, string pool) => Eventually.HoldsAsync($"{pool} has ticked", async () =>
    {
        using var answer = await s_http.GetAsync(new Uri(fairness, $"/v1/pools/{pool}/fairness"));
        return answer.IsSuccessStatusCode && (await ReadAsync(answer)).TryGetProperty("tickAt", out _);
    });

    /// <summary>Positions of the whole ledger, which must be dense.</summary>
    public async Task<List<JsonElement>> EventsAsync(string type)
    {
        List<JsonElement> events = [];
        for (long after = 0, head = await HeadAsync(); after < head;)
        {
            var page = await GetAsync(new Uri(metering, $"/v1/ledger/events?after={after}&limit=10000&type={type}"));
            events.AddRange(page.GetProperty("events").EnumerateArray());
            after = Number(page, "through");
        }
        return events;
    }

    private static long Number(JsonElement json, string name) => json.GetProperty(name).GetInt64();

    private static async Task<JsonElement> GetAsync(Uri address)
    {
        using var answer = await s_http.GetAsync(address);
        return await ReadAsync(answer);
    }

    private static async Task PutAsync(Uri address, string body)
    {
        using var content = new StringContent(body, new MediaTypeHeaderValue("application/json"));
        using var answer = await s_http.PutAsync(address, content);
        await ReadAsync(answer);
    }

    private static async Task<JsonElement> ReadAsync(HttpResponseMessage answer)
    {
        Assert.True(answer.IsSuccessStatusCode, $"{answer.RequestMessage!.Method} {answer.RequestMessage.RequestUri}: {answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }
}
