using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace TokenLedger.Engine;

/// <summary>The simulated engine as a part of a web application: the APIs, health, metrics, faults and the log.</summary>
internal static class EngineModule
{
    public static void AddEngine(this IServiceCollection services, EngineOptions options)
    {
        services.AddSingleton(options);
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton<EngineMetrics>();
        services.AddSingleton<FaultSwitch>();
        services.AddSingleton<RequestLog>();
        services.AddSingleton<BatchScheduler>();
        services.AddSingleton<Serving>();
        services.AddHostedService(provider => provider.GetRequiredService<BatchScheduler>());
        services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(options.DrainSeconds));
    }

    public static void MapEngine(this IEndpointRouteBuilder routes)
    {
        foreach (var (path, api) in new[]
        {
            ("/v1/chat/completions", Api.Chat), ("/v1/completions", Api.Completions), ("/v1/responses", Api.Responses), ("/v1/messages", Api.Messages), ("/v1/embeddings", Api.Embeddings),
        })
            routes.MapPost(path, (HttpContext http, Serving serving) => serving.ServeAsync(http, api));
        routes.MapGet("/v1/models", (EngineOptions options) => TypedResults.Text(Models(options).ToJsonString(), "application/json"));
        routes.MapGet("/health", (IHostApplicationLifetime life) => TypedResults.StatusCode(life.ApplicationStopping.IsCancellationRequested ? 503 : 200));
        routes.MapGet("/metrics", (EngineMetrics metrics) => TypedResults.Text(metrics.ToPrometheusText(), "text/plain; version=0.0.4", Encoding.UTF8));
        routes.MapGet("/log", (RequestLog log) => TypedResults.Text(log.ToNdjson(), "application/x-ndjson", Encoding.UTF8));
        routes.MapGet(SimulatedEngine.UsagePath, (string id, Serving serving) => serving.Used(id));
        routes.MapPost(SimulatedEngine.AbortPath, async (HttpContext http, Serving serving) =>
        {
            using var body = await JsonDocument.ParseAsync(http.Request.Body, default, http.RequestAborted);
            return TypedResults.StatusCode(serving.Abort(body.RootElement.GetProperty("rid").GetString()!) ? 200 : 404);
        });
        routes.MapPut("/admin/fault", async Task<IResult> (HttpContext http, FaultSwitch faults) =>
        {
            try
            {
                var fault = await JsonSerializer.DeserializeAsync(http.Request.Body, FaultJson.Default.Fault, http.RequestAborted);
                if (fault is not { Every: >= 1, After: >= 0, DelayMs: >= 0 }) return TypedResults.BadRequest();
                faults.Set(fault);
                return TypedResults.NoContent();
            }
            catch (JsonException)
            {
                return TypedResults.BadRequest();
            }
        });
        routes.MapDelete("/admin/fault", (FaultSwitch faults) =>
        {
            faults.Set(Fault.None);
            return TypedResults.NoContent();
        });
    }

    private static JsonObject Models(EngineOptions options) => new()
    {
        ["object"] = "list",
        ["data"] = new JsonArray(new JsonObject { ["id"] = options.Model, ["object"] = "model", ["created"] = 0, ["owned_by"] = "tokenledger", ["max_model_len"] = options.MaxModelLength }),
    };
}
