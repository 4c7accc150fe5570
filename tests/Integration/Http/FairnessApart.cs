using System.Text.Json;
using TokenLedger.Admission;
using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;
using TokenLedger.Fairness;
using TokenLedger.Metering;
using TokenLedger.Tests.Integration.Audit;
using TokenLedger.Tests.Integration.Hosting;

namespace TokenLedger.Tests.Integration.Http;

/// <summary>
/// A pool of two sequences and 1,000 tokens/s that two elastic entitlements may use by halves, with Admission in one process and any number of Fairness in others, on one
/// database and under one clock that stands still. A tick is a second.
/// </summary>
internal sealed class FairnessApart : IAsyncDisposable
{
    public static readonly PoolId Pool = new("apart");
    private static readonly (string, string)[] s_settings = [("Followers:CatchUpInterval", "00:00:00.050"), ("Fairness:LoopMs", "10")];

    private FairnessApart(string connection, StoppedTime clock, ApiInstance admission) => (Connection, Clock, Admission) = (connection, clock, admission);

    public string Connection { get; }
    public StoppedTime Clock { get; }
    public ApiInstance Admission { get; }
    public ApiClient First { get; private set; } = null!;
    public ApiClient Second { get; private set; } = null!;

    public static async Task<FairnessApart> StartAsync(string connection)
    {
        var clock = new StoppedTime();
        var admission = await ApiInstance.StartAsync(
            builder =>
            {
                builder.AddAdmission();
                builder.AddMetering();
            },
            app =>
            {
                app.MapAdmission();
                app.MapMetering();
            }, connection, clock, s_settings);
        var all = new FairnessApart(connection, clock, admission);
        await admission.OpenPoolAsync(Pool.Value, Bodies.Pool().But("replicas", "1").But("perReplica.sequences", "2").But("perReplica.tokensPerSecond", "1000").But("tickMs", "1000"));
        var terms = Bodies.Entitlement("elastic").But("baseline.sequences", "1").But("baseline.tokensPerSecond", "500");
        (all.First, all.Second) = (await admission.EnterAsync(Pool.Value, "first", terms), await admission.EnterAsync(Pool.Value, "second", terms));
        return all;
    }

    /// <summary>Starts a Fairness, which has ticked at the time that it is now.</summary>
    public async Task<ApiInstance> StartFairnessAsync()
    {
        var fairness = await ApiInstance.StartAsync(builder => builder.AddFairness(), app => app.MapFairness(), Connection, Clock, s_settings);
        await TickedAsync(fairness);
        return fairness;
    }

    /// <summary>Waits until a tick is published at the time that it is now, its limits are applied and every Fairness knows it.</summary>
    public async Task SettledAsync(params ApiInstance[] fairness)
    {
        await Admission.Events.UntilAsync(async () => await AdjustedAsync() is [.., { } last] && last.Timestamp == Clock.GetUtcNow());
        var position = (await AdjustedAsync())[^1].Position;
        await Admission.Events.FirstAsync<LimitsApplied>(e => e.LimitsPosition == position);
        foreach (var one in fairness) await TickedAsync(one);
    }

    private async Task TickedAsync(ApiInstance fairness)
    {
        await Admission.Events.UntilAsync(async () => (await ViewAsync(fairness)).TickAt == Clock.GetUtcNow());
        await fairness.Follower("fairness-demand").WaitForAsync(await Admission.Events.HeadAsync(), Within.Patience());
    }

    /// <summary>What the fairness stream holds.</summary>
    public async Task<IReadOnlyList<RecordedEvent>> AdjustedAsync() => await Admission.Ledger.ReadStreamAsync(Streams.Fairness(Pool), 0, 1_000, Within.Patience());

    /// <summary>What a Fairness answers.</summary>
    public static async Task<FairnessView> ViewAsync(ApiInstance fairness) =>
        JsonSerializer.Deserialize((await fairness.Operator.GetAsync($"/v1/pools/{Pool}/fairness")).MustBe(200).Body, HttpJson.Default.FairnessView)!;

    public ValueTask DisposeAsync() => Admission.DisposeAsync();
}
