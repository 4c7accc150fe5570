using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json;
using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;

namespace TokenLedger.Tests.Unit.Cli;

/// <summary>What happens to one call on its way.</summary>
internal enum Fate { Answered, NeverArrives, AnswerIsLost, TimesOut, Unavailable, InternalError }

/// <summary>A server in the client's own process that keeps the API's promises about ids, on a network that does not.</summary>
internal sealed class FakeLedger : HttpMessageHandler
{
    public static readonly PoolId Pool = new("p");
    private readonly ConcurrentDictionary<RequestId, byte> _admitted = new();
    private readonly ConcurrentDictionary<(string Source, string Id), UsageData> _usage = new();
    private int _calls;

    /// <summary>The fate of the n-th call, from 1.</summary>
    public Func<int, Fate> FateOf { get; init; } = _ => Fate.Answered;

    /// <summary>A status and reason to refuse an admission with; null admits.</summary>
    public Func<PostAdmission, (int Status, string Reason)?> Rule { get; init; } = _ => null;

    public int Calls => _calls;
    public IReadOnlyCollection<UsageData> Usage => [.. _usage.Values];
    public ConcurrentQueue<PostAdmission> Admissions { get; } = new();
    public ConcurrentQueue<int> BatchSizes { get; } = new();

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var fate = FateOf(Interlocked.Increment(ref _calls));
        await Task.Yield();
        if (fate == Fate.NeverArrives) throw new HttpRequestException("Connection refused");
        if (fate == Fate.Unavailable) return Problem(503, "ledger-unavailable");
        if (fate == Fate.InternalError) return new(HttpStatusCode.InternalServerError) { Content = new StringContent("<html>") };
        var body = await request.Content!.ReadAsByteArrayAsync(cancellationToken);
        var answer = request.RequestUri!.AbsolutePath == "/v1/admissions" ? Admit(body) : Report(request.Content.Headers.ContentType!.MediaType!, body);
        return fate switch
        {
            Fate.AnswerIsLost => throw new HttpRequestException("Connection reset", new IOException()),
            Fate.TimesOut => throw new TaskCanceledException("timeout", new TimeoutException()),
            _ => answer,
        };
    }

    private HttpResponseMessage Admit(byte[] body)
    {
        var admission = JsonSerializer.Deserialize(body, HttpJson.Default.PostAdmission)!;
        Admissions.Enqueue(admission);
        if (Rule(admission) is var (status, reason)) return Problem(status, reason);
        var view = new AdmissionView(admission.RequestId!.Value, Pool, new("e"), new(1, 1, 1), 1, 1, default, 1);
        return Json(_admitted.TryAdd(view.RequestId, 0) ? 201 : 200, JsonSerializer.Serialize(view, HttpJson.Default.AdmissionView));
    }

    private HttpResponseMessage Report(string contentType, byte[] body)
    {
        if (contentType == CloudEvent.ContentType)
            return Json(202, JsonSerializer.Serialize(Record(JsonSerializer.Deserialize(body, CloudEventJson.Default.CloudEvent)!), HttpJson.Default.UsageResult));
        var events = JsonSerializer.Deserialize(body, CloudEventJson.Default.IReadOnlyListCloudEvent)!;
        BatchSizes.Enqueue(events.Count);
        var results = new UsageBatchResult(events.Count, 0, [.. events.Select(Record)]);
        return Json(202, JsonSerializer.Serialize(results, HttpJson.Default.UsageBatchResult));
    }

    private UsageResult Record(CloudEvent e)
    {
        var isNew = _usage.TryAdd((e.Source!, e.Id!), e.Data!.Value.Deserialize(HttpJson.Default.UsageData)!);
        return new(e.Id, e.Source, 202, 1, !isNew, true, null, null);
    }

    private static HttpResponseMessage Problem(int status, string reason) => Json(status, $$"""{"title":"Refused","status":{{status}},"reason":"{{reason}}"}""");

    private static HttpResponseMessage Json(int status, string json) =>
        new((HttpStatusCode)status) { Content = new StringContent(json, Encoding.UTF8, "application/json") };
}
