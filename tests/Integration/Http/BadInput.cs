using System.Text.Json.Nodes;

namespace TokenLedger.Tests.Integration.Http;

/// <summary>An instance that nothing but the tests of bad input writes to, so that its head tells whether they did.</summary>
public sealed class BadInput(PostgresServer postgres) : ApiFixture(postgres)
{
    public const string Admissions = "/v1/admissions";
    public const string APool = "/v1/pools/pool";
    public const string AnEntitlement = "/v1/pools/pool/entitlements/chat";

    public const string Corrections = "/v1/usage/corrections";

    internal ApiClient Gateway { get; private set; } = null!;

    /// <summary>The key of another entitlement in the same pool.</summary>
    internal ApiClient Other { get; private set; } = null!;

    /// <summary>A request that holds a reservation, and one that usage was recorded for.</summary>
    internal Guid Open { get; } = Guid.NewGuid();

    internal Guid Used { get; } = Guid.NewGuid();

    private readonly List<(string Role, ApiClient Client)> _callers = [];

    internal override async Task SetUpAsync()
    {
        await Api.OpenPoolAsync("pool");
        Gateway = await Api.EnterAsync("pool", "chat");
        Other = await Api.EnterAsync("pool", "other", Bodies.Entitlement("elastic", "globex"));
        (await Gateway.AdmitAsync(Open)).MustBe(201);
        (await Gateway.AdmitAsync(Used)).MustBe(201);
        (await Gateway.UseAsync(Used, id: "used")).MustBe(202);
        await Api.Events.FirstAsync<Contracts.ReservationSettled>(e => e.Request.Value == Used);
    }

    /// <summary>A client for each role, and one with an inference key.</summary>
    internal async Task<IReadOnlyList<(string Role, ApiClient Client)>> CallersAsync()
    {
        if (_callers.Count > 0) return _callers;
        foreach (var role in Enum.GetNames<Contracts.Role>().Select(name => name.ToLowerInvariant())) _callers.Add((role, await Api.AsRoleAsync(role)));
        _callers.Add(("inference", Gateway));
        return _callers;
    }

    /// <summary>Makes calls and sees that they left no trace in the ledger.</summary>
    internal async Task LeavesNoTraceAsync(Func<Task> calls)
    {
        var head = await Api.Events.HeadAsync();
        await calls();
        Assert.Equal(head, await Api.Events.HeadAsync());
    }

    internal Task LeavesNoTraceAsync(HttpMethod method, string path, string? body, int status, string reason, params string[] fields) =>
        LeavesNoTraceAsync(async () => (await Of(path).SendAsync(method, path, body, path == "/v1/usage" ? ApiClient.Usage : "application/json")).MustRefuse(status, reason, fields));

    /// <summary>A good body for an address, and the method it takes.</summary>
    internal static (HttpMethod Method, JsonObject Body) Good(string path) => path switch
    {
        APool => (HttpMethod.Put, Bodies.Pool()),
        AnEntitlement => (HttpMethod.Put, Bodies.Entitlement()),
        APool + "/capacity" => (HttpMethod.Put, Bodies.Parse("""{"replicas":2}""")),
        Admissions => (HttpMethod.Post, Bodies.Admission(Guid.NewGuid())),
        "/v1/usage" => (HttpMethod.Post, Bodies.Usage(Guid.NewGuid())),
        Corrections => (HttpMethod.Post, Bodies.Correction("used")),
        "/v1/keys" => (HttpMethod.Post, Bodies.Parse("""{"name":"a","roles":["finance"],"tenant":"acme"}""")),
        _ => throw new ArgumentOutOfRangeException(nameof(path), path, "has no body"),
    };

    /// <summary>Whoever may call an address.</summary>
    internal ApiClient Of(string path) => path.StartsWith(Admissions, StringComparison.Ordinal) || path == "/v1/usage" ? Gateway : Api.Operator;
}

[CollectionDefinition]
public sealed class BadInputTests : ICollectionFixture<BadInput>;
