namespace TokenLedger.Tests.Integration.Http;

/// <summary>An instance with a database of its own for one test class.</summary>
public class ApiFixture(PostgresServer postgres) : IAsyncLifetime
{
    internal ApiInstance Api { get; private set; } = null!;

    protected virtual (string Name, string Value)[] Settings => [("Admission:SweepIntervalMs", "50")];

    public async ValueTask InitializeAsync()
    {
        Api = await ApiInstance.StartAsync(await postgres.CreateConnectionStringAsync("api"), clock: null, Settings);
        await SetUpAsync();
    }

    internal virtual Task SetUpAsync() => Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await Api.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}
