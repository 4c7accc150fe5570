using System.Net;
using System.Net.Http.Headers;
using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;

namespace TokenLedger.AllInOne;

/// <summary>A pool to try things on: two replicas of an 8B model and up to four under load, one entitlement of each class that matters, an inference key. Set up through the API, like any other.</summary>
internal static class DemoPool
{
    public const string Name = "demo";
    public const string Model = "llama-3.1-8b-instruct";

    public static async Task CreateAsync(Uri url, Welcome welcome, TimeProvider clock, CancellationToken ct)
    {
        using var http = new HttpClient { BaseAddress = url };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", welcome.OperatorKey);
        if ((await http.GetAsync($"/v1/pools/{Name}", ct)).StatusCode != HttpStatusCode.OK)
        {
            await PutAsync(http, $"/v1/pools/{Name}", new PutPool(
                Model, Replicas: 2, new CapacityShape(20_000, 24_000_000_000, 64), KvBytesPerToken: 131_072, DefaultMaxOutputTokens: 1_024,
                new ScalingShape(DemoFleet.Least, DemoFleet.Most, 0.8, new RulesShape(StartUpSeconds: 5, StabilizationDownSeconds: 60)), LeaseSeconds: 60), ct);
            await PutAsync(http, $"/v1/pools/{Name}/entitlements/assistant", Entitlement("acme", ServiceClass.Guaranteed, 500, new(15_000, 16_000_000_000, 40)), ct);
            await PutAsync(http, $"/v1/pools/{Name}/entitlements/reports", Entitlement("globex", ServiceClass.Elastic, 5_000, new(10_000, 12_000_000_000, 32)), ct);
            await PutAsync(http, $"/v1/pools/{Name}/entitlements/batch", Entitlement("initech", ServiceClass.Spot, 30_000, null), ct);
        }
        await ServesAsync(http, clock, ct);
        if (File.Exists(welcome.Home.DemoKeyFile)) return;
        using var response = await http.PostAsync($"/v1/pools/{Name}/entitlements/assistant/keys", null, ct);
        response.EnsureSuccessStatusCode();
        var key = await response.Content.ReadFromJsonAsync(HttpJson.Default.NewKey, ct);
        await welcome.Home.WriteSecretAsync(welcome.Home.DemoKeyFile, key!.Key, ct);
    }

    /// <summary>Waits until the servers answer: before that every request would be told to come back.</summary>
    private static async Task ServesAsync(HttpClient http, TimeProvider clock, CancellationToken ct)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(200), clock);
        while (await timer.WaitForNextTickAsync(ct))
        {
            using var answer = await http.GetAsync($"/v1/pools/{Name}/scaling", ct);
            if (answer.IsSuccessStatusCode && (await answer.Content.ReadFromJsonAsync(HttpJson.Default.ScalingView, ct))!.Fleet?.Ready >= DemoFleet.Least) return;
        }
    }

    private static PutEntitlement Entitlement(string tenant, ServiceClass serviceClass, long sloTargetMs, CapacityShape? baseline) =>
        new(new TenantId(tenant), serviceClass, sloTargetMs, baseline);

    private static async Task PutAsync<T>(HttpClient http, string path, T body, CancellationToken ct)
    {
        using var content = JsonContent.Create(body, (System.Text.Json.Serialization.Metadata.JsonTypeInfo<T>)HttpJson.Default.GetTypeInfo(typeof(T))!);
        using var response = await http.PutAsync(path, content, ct);
        response.EnsureSuccessStatusCode();
    }
}
