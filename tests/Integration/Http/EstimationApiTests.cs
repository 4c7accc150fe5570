using TokenLedger.Contracts;
using TokenLedger.Core.Replay;

namespace TokenLedger.Tests.Integration.Http;

/// <summary>What is reserved for output, as a gateway meets it.</summary>
public sealed class EstimationApiTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private const int Samples = 5;
    private readonly ApiInstance _api = fixture.Api;

    [Fact]
    public async Task Shows_how_it_estimates_and_the_defaults_to_who_names_nothing()
    {
        await _api.OpenPoolAsync("shown");
        Assert.Equal("""{"enabled":true,"quantile":0.9,"minSamples":32}""", await ShownAsync());
        (await _api.Operator.PutAsync("/v1/pools/shown", Bodies.Pool().But("estimation", """{"enabled":false,"quantile":0.75}"""))).MustBe(200);
        Assert.Equal("""{"enabled":false,"quantile":0.75,"minSamples":32}""", await ShownAsync());
        var settings = (await _api.Events.AllAsync<PoolOpened>(e => e.Pool.Value == "shown")).Single().Data.Settings;
        Assert.Equal(new EstimationBounds(), settings.Estimation);
    }

    [Fact]
    public async Task Reserves_what_answers_needed_answers_a_repeat_as_before_and_replays()
    {
        await _api.OpenPoolAsync("learned", Bodies.Pool().But("estimation", $$"""{"minSamples":{{Samples}}}"""));
        var gateway = await _api.EnterAsync("learned", "chat");
        var first = Guid.NewGuid();
        var answer = await ServeAsync(gateway, first);
        Assert.Equal(80, answer.Long("expectedOutputTokens"));
        for (var i = 1; i < Samples; i++) await ServeAsync(gateway, Guid.NewGuid());
        var request = Guid.NewGuid();
        var estimated = (await gateway.AdmitAsync(request, output: 80)).MustBe(201);
        Assert.InRange(estimated.Long("expectedOutputTokens"), 20, 40);
        Assert.Equal(100 + estimated.Long("expectedOutputTokens"), (long)estimated.Json["reserved"]!["tokens"]!);
        Assert.Equal(answer.Body, (await gateway.AdmitAsync(first, output: 80)).MustBe(200).Body);
        Assert.Equal(estimated.Body, (await gateway.AdmitAsync(request, output: 80)).MustBe(200).Body);
        await VerifyAsync(new("learned"));
    }

    private async Task<string> ShownAsync() => (await _api.Operator.GetAsync("/v1/pools/shown")).MustBe(200).Json["estimation"]!.ToJsonString();

    private async Task<ApiAnswer> ServeAsync(ApiClient gateway, Guid request)
    {
        var admitted = (await gateway.AdmitAsync(request, output: 80)).MustBe(201);
        (await gateway.UseAsync(request, output: 20)).MustBe(202);
        await _api.Events.FirstAsync<ReservationSettled>(e => e.Request.Value == request);
        return admitted;
    }

    /// <summary>Decides the pool's whole stream again.</summary>
    private async Task VerifyAsync(PoolId pool)
    {
        var verifier = new ReplayVerifier(pool);
        foreach (var recorded in await _api.Events.StreamAsync(Streams.Pool(pool))) Assert.Null(verifier.Take(recorded));
        Assert.Null(verifier.Complete());
        Assert.True(verifier.State.Estimates.Learned >= Samples);
    }
}
