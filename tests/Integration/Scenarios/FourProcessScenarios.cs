namespace TokenLedger.Tests.Integration.Scenarios;

/// <summary>The four services as processes of their own, over a real RabbitMQ and one PostgreSQL.</summary>
[Collection(nameof(Scenarios))]
public sealed class FourProcessScenarios(PostgresServer postgres) : IAsyncLifetime
{
    private const string Pool = "azure";
    private const string Large = """{"tokensPerSecond":100000000,"kvCacheBytes":8000000000000,"sequences":100000}""";
    private readonly RabbitServer _rabbit = new();
    private readonly Dictionary<string, ProductProcess> _services = [];

    public async ValueTask InitializeAsync()
    {
        await _rabbit.StartAsync();
        var environment = new Dictionary<string, string>
        {
            ["TOKENLEDGER_POSTGRES"] = await postgres.CreateConnectionStringAsync("four"),
            ["TOKENLEDGER_RABBITMQ"] = _rabbit.AmqpUri.ToString(),
        };
        foreach (var service in (string[])["Admission", "Metering", "Fairness", "Autoscaler"]) _services[service] = new(service, environment);
    }

    [Fact]
    public async Task Give_the_same_numbers_while_the_broker_is_killed_and_a_service_starts_late()
    {
        await Task.WhenAll(_services["Admission"].StartAsync(), _services["Metering"].StartAsync(), _services["Autoscaler"].StartAsync());
        var operators = new Operator(_services["Admission"].Url, _services["Metering"].Url, _services["Autoscaler"].Url);
        await operators.OpenPoolAsync(Pool, Large, leaseSeconds: 60);
        const string baseline = """{"tokensPerSecond":1000,"kvCacheBytes":1000000000,"sequences":1000}""";
        var keys = new[] { await operators.GrantAsync(Pool, "code", "elastic", baseline), await operators.GrantAsync(Pool, "conv", "elastic", baseline) };

        var play = Task.WhenAll(keys.Zip(TraceFiles.Both, (key, trace) =>
            Commands.PlayAsync(_services["Admission"].Url, _services["Metering"].Url, Pool, key, [trace.File])));
        await operators.PlayedAsync(0.2 * TraceFiles.Requests, play);
        await _rabbit.KillAsync();
        await operators.PlayedAsync(0.5 * TraceFiles.Requests, play);
        await _rabbit.StartAsync();
        await _services["Fairness"].StartAsync();
        await operators.ReportCapacityAsync(Pool, 2);
        await play;
        // Demand is told as a rate since the tick before, so this is asked for after the first.
        await Operator.TickedAsync(_services["Fairness"].Url, Pool);
        var late = await operators.GrantAsync(Pool, "late", "elastic", baseline);
        await Commands.PlayAsync(_services["Admission"].Url, _services["Metering"].Url, Pool, late, [TraceFiles.Both[0].File], "--limit", "1000");

        var tenants = (string[])["code", "conv"];
        foreach (var (tenant, trace) in tenants.Zip(TraceFiles.Both))
            Assert.Equal((trace.Requests, trace.Input, trace.Output), await operators.TotalsAsync(tenant));
        await operators.NothingHeldAsync(Pool);

        // The fleet's report and the tick of a Fairness that started late both came to the pool.
        await Eventually.HoldsAsync("the pool runs two replicas", async () => (await operators.PoolAsync(Pool)).GetProperty("replicas").GetInt32() == 2);
        await Eventually.HoldsAsync("a fairness tick is applied", async () =>
            (await operators.EventsAsync("limits-applied.v1")).Any(e => e.GetProperty("data").GetProperty("limitsPosition").GetInt64() > 0),
            () => string.Join('\n', _services.Select(service => $"{service.Key}: {service.Value.Log}")));
        Assert.True((await Commands.VerifyAsync(_services["Admission"].Url)).GetProperty("ok").GetBoolean());
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var service in _services.Values) await service.DisposeAsync();
        await _rabbit.DisposeAsync();
    }
}
