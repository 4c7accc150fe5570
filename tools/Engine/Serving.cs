using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace TokenLedger.Engine;

/// <summary>Serves one request from its body to its line in the log.</summary>
internal sealed class Serving(EngineOptions options, BatchScheduler scheduler, FaultSwitch faults, RequestLog log, TimeProvider time, IHostApplicationLifetime life)
{
    /// <summary>Answers carry no time of their own, so that the same request has the same answer to the byte.</summary>
    private const long SomeTime = 1_700_000_000;

    private readonly ConcurrentDictionary<string, Sequence> _underWay = new(StringComparer.Ordinal);

    public bool IsIdle => _underWay.IsEmpty;

    /// <summary>Ends a request early; its answer ends with what was made until then.</summary>
    /// <returns>False when no such request is under way.</returns>
    public bool Abort(string requestId)
    {
        if (!_underWay.TryGetValue(requestId, out var sequence)) return false;
        sequence.Abort();
        return true;
    }

    /// <summary>What a request used that has ended here: 202 while it is under way, 404 when it is not known.</summary>
    public IResult Used(string requestId) =>
        _underWay.ContainsKey(requestId) ? TypedResults.StatusCode(202)
        : log.Find(requestId) is not { } entry ? TypedResults.StatusCode(404)
        : TypedResults.Text(new JsonObject
        {
            ["id"] = requestId,
            ["finish_reason"] = entry.Finish,
            ["usage"] = CompletionsAnswer.Usage(entry.PromptTokens, entry.CachedTokens, entry.OutputTokens),
        }.ToJsonString(), "application/json");

    public async Task<IResult> ServeAsync(HttpContext http, Api api)
    {
        if (life.ApplicationStopping.IsCancellationRequested) return Errors.Of(api, 503, "the engine stops");
        using var bytes = new MemoryStream();
        await http.Request.Body.CopyToAsync(bytes, http.RequestAborted);
        var entry = new LoggedRequest(
            http.Request.Headers["x-request-id"].ToString() is { Length: > 0 } given ? given : Guid.NewGuid().ToString(), http.Request.Path.Value!, Convert.ToHexStringLower(SHA256.HashData(bytes.GetBuffer().AsSpan(0, (int)bytes.Length))), 0, 0, 0, "");
        var fault = faults.Next();
        if (fault.Kind == FaultKind.Error) return Refuse(entry, "error", Errors.Of(api, 500, "a fault that was asked for"));
        if (Read(api, bytes, out var generation) is { } wrong) return Refuse(entry, "refused", wrong);
        if (fault.Kind == FaultKind.Hang)
        {
            using var over = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, life.ApplicationStopping);
            await Task.Delay(Timeout.InfiniteTimeSpan, time, over.Token).ContinueWith(_ => { }, TaskScheduler.Default);
            return Refuse(entry, "hang", Errors.Of(api, 503, "the engine stops"));
        }
        var streams = generation.Ask.Stream && api != Api.Embeddings;
        var breaks = (fault.Kind == FaultKind.Cut && streams || fault.Kind == FaultKind.Reset) && fault.After < generation.OutputTokens;
        var sequence = new Sequence(generation.Prompt, breaks ? fault.After : generation.OutputTokens, generation.Token, time.GetTimestamp(), http.RequestAborted);
        if (!scheduler.TryAdd(sequence)) return Refuse(entry, "refused", Errors.Of(api, 503, "too many requests are waiting"));
        var answer = Answer.Of(new(generation.Id, SomeTime + options.Seed, options.Model, generation, sequence, fault.Kind == FaultKind.WrongUsage));
        _underWay[entry.RequestId] = sequence;
        try
        {
            return await AnswerAsync(http, answer, sequence, streams, breaks ? fault : fault.Kind == FaultKind.Slow ? fault : Fault.None);
        }
        finally
        {
            await sequence.Ended;
            // In this order, so that whoever looks for it among those under way and then in the log finds it.
            log.Add(entry with { PromptTokens = generation.Prompt.Length, CachedTokens = Math.Max(0, sequence.CachedTokens), OutputTokens = sequence.Made, Finish = breaks ? fault.Kind.ToString().ToLowerInvariant() : answer.Finish });
            _underWay.TryRemove(new(entry.RequestId, sequence));
        }
    }

    private async Task<IResult> AnswerAsync(HttpContext http, Answer answer, Sequence sequence, bool streams, Fault fault)
    {
        var ct = http.RequestAborted;
        if (streams)
        {
            http.Response.ContentType = "text/event-stream; charset=utf-8";
            http.Response.Headers.CacheControl = "no-cache";
            await SendAsync(http.Response, answer.Begin(), ct);
        }
        var made = 0;
        await foreach (var count in sequence.StepsAsync(ct))
        {
            if (fault.Kind == FaultKind.Slow) await Task.Delay(TimeSpan.FromMilliseconds(fault.DelayMs), time, ct);
            if (streams) await SendAsync(http.Response, Enumerable.Range(made, count).SelectMany(answer.Chunk), ct);
            made += count;
        }
        if (fault.Kind == FaultKind.Reset) http.Abort();
        if (fault.Kind is FaultKind.Cut or FaultKind.Reset) return TypedResults.Empty;
        if (!streams) return TypedResults.Text(answer.Whole().ToJsonString(), "application/json");
        await SendAsync(http.Response, answer.End(), ct);
        return TypedResults.Empty;
    }

    private static async Task SendAsync(HttpResponse response, IEnumerable<StreamEvent> events, CancellationToken ct)
    {
        foreach (var one in events)
            await response.Body.WriteAsync(Encoding.UTF8.GetBytes(one.Name is null ? $"data: {one.Data}\n\n" : $"event: {one.Name}\ndata: {one.Data}\n\n"), ct);
        await response.Body.FlushAsync(ct);
    }

    private IResult? Read(Api api, MemoryStream bytes, out Generation generation)
    {
        generation = null!;
        try
        {
            using var json = JsonDocument.Parse(bytes.GetBuffer().AsMemory(0, (int)bytes.Length));
            if (json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("model", out var model) && model.ValueKind == JsonValueKind.String && model.GetString() != options.Model)
                return Errors.Of(api, 404, $"The model `{model.GetString()}` does not exist.", "model");
            return (Ask.Read(api, json.RootElement, out var ask) ?? Generation.Plan(ask, options, out generation)) is var (message, param) ? Errors.Of(api, 400, message, param) : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return Errors.Of(api, 400, e.Message);
        }
    }

    private IResult Refuse(LoggedRequest entry, string finish, IResult answer)
    {
        log.Add(entry with { Finish = finish });
        return answer;
    }
}
