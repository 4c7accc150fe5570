using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;

namespace TokenLedger.Engine;

/// <summary>The simulated engine as a part of a web application: OpenAI's routes, health and metrics.</summary>
internal static class EngineModule
{
    public static void AddEngine(this IServiceCollection services, EngineOptions options)
    {
        services.AddSingleton(options);
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton<EngineMetrics>();
        services.AddSingleton<BatchScheduler>();
        services.AddHostedService(provider => provider.GetRequiredService<BatchScheduler>());
        services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, OpenAiJson.Default));
    }

    public static void MapEngine(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/v1/completions", (HttpContext http, EngineOptions options, BatchScheduler scheduler, TimeProvider time) =>
            GenerateAsync(http, isChat: false, options, scheduler, time));
        routes.MapPost("/v1/chat/completions", (HttpContext http, EngineOptions options, BatchScheduler scheduler, TimeProvider time) =>
            GenerateAsync(http, isChat: true, options, scheduler, time));
        routes.MapGet("/v1/models", (EngineOptions options) =>
            TypedResults.Json(new ModelList("list", [new(options.Model, "model", "tokenledger", options.MaxModelLength)]), OpenAiJson.Default.ModelList));
        routes.MapGet("/health", () => TypedResults.Ok());
        routes.MapGet("/metrics", (EngineMetrics metrics) => TypedResults.Text(metrics.ToPrometheusText(), "text/plain; version=0.0.4", Encoding.UTF8));
    }

    private static async Task<IResult> GenerateAsync(HttpContext http, bool isChat, EngineOptions options, BatchScheduler scheduler, TimeProvider time)
    {
        var ct = http.RequestAborted;
        GenerationRequest? request;
        try
        {
            request = await JsonSerializer.DeserializeAsync(http.Request.Body, OpenAiJson.Default.GenerationRequest, ct);
        }
        catch (JsonException e)
        {
            return Error(400, e.Message, null);
        }
        if (request is null) return Error(400, "the body is null", null);
        if (request.Model is not null && request.Model != options.Model) return Error(404, $"The model `{request.Model}` does not exist.", "model");
        if (Generation.Read(request, isChat, options, out var generation) is var (message, param)) return Error(400, message, param);
        var sequence = new Sequence(generation.PromptTokens, generation.OutputTokens, time.GetTimestamp(), ct);
        if (!scheduler.TryAdd(sequence)) return Error(503, "too many requests are waiting", null);
        var answer = new Answers((isChat ? "chatcmpl-" : "cmpl-") + Guid.NewGuid().ToString("N"), time.GetUtcNow().ToUnixTimeSeconds(), options.Model, generation);
        if (request.Stream == true)
            return TypedResults.ServerSentEvents(ChunksAsync(sequence, answer, request.StreamOptions?.IncludeUsage == true, ct));
        await foreach (var _ in sequence.OutputAsync(ct)) { }
        return TypedResults.Json(answer.Whole(), OpenAiJson.Default.Completion);
    }

    /// <summary>A chunk for every step of the batch, then the usage if it was asked for, then the end mark.</summary>
    private static async IAsyncEnumerable<SseItem<string>> ChunksAsync(Sequence sequence, Answers answer, bool withUsage, [EnumeratorCancellation] CancellationToken ct)
    {
        var made = 0;
        await foreach (var count in sequence.OutputAsync(ct))
        {
            yield return Item(answer.Chunk(made, count));
            made += count;
        }
        if (withUsage) yield return Item(answer.UsageChunk());
        yield return new("[DONE]");

        static SseItem<string> Item(Completion chunk) => new(JsonSerializer.Serialize(chunk, OpenAiJson.Default.Completion));
    }

    private static JsonHttpResult<ErrorBody> Error(int status, string message, string? param) => TypedResults.Json(
        new ErrorBody(new(message, status == 503 ? "service_unavailable" : "invalid_request_error", param, status)), OpenAiJson.Default.ErrorBody, statusCode: status);
}
