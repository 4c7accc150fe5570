using System.Net.Http.Headers;
using System.Text.Json;
using TokenLedger.Cli.Api;
using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;

namespace TokenLedger.Cli.Traces;

/// <summary>The two calls of a gateway for a request, and how their answers are counted.</summary>
internal sealed class GatewayCalls(RetryingSender admissions, RetryingSender usage, PlayOptions options, PlayTally tally)
{
    private const string AdmissionsPath = "v1/admissions";
    private const string UsagePath = "v1/usage";
    private static readonly MediaTypeHeaderValue s_json = new("application/json");
    private static readonly MediaTypeHeaderValue s_event = new(CloudEvent.ContentType);
    private static readonly MediaTypeHeaderValue s_batch = new(CloudEvent.BatchContentType);

    /// <summary>True when the request is admitted, now or before.</summary>
    public async Task<bool> AdmitAsync(PlannedRequest request, CancellationToken ct)
    {
        // An output limit of nothing is no limit a client could name, so a row without output asks for one token.
        var body = new PostAdmission(request.Id, request.InputTokens, options.MaxOutputTokens ?? Math.Max(1, request.OutputTokens));
        var json = JsonSerializer.SerializeToUtf8Bytes(body, ApiJson.Shapes.PostAdmission);
        var answer = await admissions.SendAsync(() => Post(AdmissionsPath, json, s_json), ct);
        if (answer.Status != 0) tally.Admissions.Add(answer.Latency);
        if (answer.IsSuccess)
        {
            var pool = ApiClient.Read(answer.Body, ApiJson.Shapes.AdmissionView).Pool;
            if (pool != options.Pool) throw CommandFailure.BadUsage($"The key belongs to pool {pool}, not to {options.Pool}.");
            tally.Admitted(repeated: answer.Status == 200);
            return true;
        }
        if (answer.RefusalReason is { } reason) tally.Refused(reason);
        else tally.Failed("admission", ProblemOf(answer));
        return false;
    }

    public async Task ReportAsync(PlannedRequest request, CancellationToken ct)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(EventOf(request), CloudEventJson.Default.CloudEvent);
        var answer = await usage.SendAsync(() => Post(UsagePath, json, s_event), ct);
        if (answer.Status != 0) tally.UsagePosts.Add(answer.Latency);
        if (answer.IsSuccess) tally.Served(request, ApiClient.Read(answer.Body, ApiJson.Shapes.UsageResult).Duplicate ?? false);
        else tally.Failed("usage", ProblemOf(answer));
    }

    /// <summary>Reports many at once; each has its own answer, and a call that fails as a whole fails each of them.</summary>
    public async Task ReportAsync(IReadOnlyList<PlannedRequest> requests, CancellationToken ct)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes([.. requests.Select(EventOf)], CloudEventJson.Default.IReadOnlyListCloudEvent);
        var answer = await usage.SendAsync(() => Post(UsagePath, json, s_batch), ct);
        if (answer.Status != 0) tally.UsagePosts.Add(answer.Latency);
        if (!answer.IsSuccess)
        {
            foreach (var _ in requests) tally.Failed("usage", ProblemOf(answer));
            return;
        }
        var results = ApiClient.Read(answer.Body, ApiJson.Shapes.UsageBatchResult).Results;
        if (results.Count != requests.Count) throw CommandFailure.Failed($"A batch of {requests.Count} usage events was answered with {results.Count} results.");
        for (var i = 0; i < results.Count; i++)
        {
            if (results[i].Status is >= 200 and < 300) tally.Served(requests[i], results[i].Duplicate ?? false);
            else tally.Failed("usage", new Problem(results[i].Status, "usage refused", results[i].Detail, results[i].Reason, []));
        }
    }

    /// <summary>The event of a request. It holds no times: a play that is repeated with the same seed must send the same event, or it would be a conflict.</summary>
    private CloudEvent EventOf(PlannedRequest request)
    {
        var id = request.Id.ToString();
        var data = new UsageData(options.Pool, request.InputTokens, request.OutputTokens, Outcome.Completed);
        return new("1.0", CloudEvent.TokensConsumedType, request.Source, id, id, null, s_json.MediaType, JsonSerializer.SerializeToElement(data, ApiJson.Shapes.UsageData));
    }

    private static Problem ProblemOf(Answer answer) => answer.Problem ?? Problem.Read(answer.Status, answer.Body);

    private static HttpRequestMessage Post(string path, byte[] body, MediaTypeHeaderValue type) =>
        new(HttpMethod.Post, path) { Content = new ByteArrayContent(body) { Headers = { ContentType = type } } };
}
