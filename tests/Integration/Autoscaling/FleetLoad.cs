using System.Net.Http.Json;
using System.Text.Json.Nodes;
using TokenLedger.Tests.Integration.Hosting;
using TokenLedger.Tests.Integration.Http;

namespace TokenLedger.Tests.Integration.Autoscaling;

/// <summary>Clients that ask again as soon as they are served. Each asks the ledger before, one of the serving replicas for the answer, and reports what it took, as a gateway does.</summary>
internal sealed class FleetLoad(ApiInstance api, string pool, ApiClient gateway, int input, int output) : IDisposable
{
    private readonly HttpClient _http = new() { Timeout = Timeout.InfiniteTimeSpan };
    private readonly TaskCompletionSource _stop = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _clients = Task.CompletedTask;
    private int _served;

    /// <summary>Requests that an engine has finished and that are reported.</summary>
    public int Served => Volatile.Read(ref _served);

    public bool IsFaulted => _clients.IsFaulted;

    public FleetLoad Start(int clients)
    {
        _clients = Task.WhenAll(Enumerable.Range(0, clients).Select(client => Task.Run(() => RunAsync(client))));
        return this;
    }

    /// <summary>Lets the clients finish what is under way.</summary>
    public Task StopAsync()
    {
        _stop.TrySetResult();
        return _clients;
    }

    private async Task RunAsync(int client)
    {
        for (var turn = client; !_stop.Task.IsCompleted; turn++)
        {
            var request = Guid.NewGuid();
            if (!await AdmittedAsync(request)) return;
            var usage = await CompleteAsync(turn);
            (await gateway.UseAsync(request, (long)usage["prompt_tokens"]!, (long)usage["completion_tokens"]!)).MustBe(202);
            Interlocked.Increment(ref _served);
        }
    }

    /// <returns>False when it was told to come back and is not wanted any more.</returns>
    private async Task<bool> AdmittedAsync(Guid request)
    {
        var body = Bodies.Admission(request, input, output);
        body["waitMs"] = 30_000;
        while (!_stop.Task.IsCompleted)
        {
            var answer = await gateway.PostAsync("/v1/admissions", body);
            if (answer.Status == 201) return true;
            Assert.Contains(answer.Status, (int[])[429, 503]);
            await Task.WhenAny(Task.Delay(TimeSpan.FromMilliseconds(Math.Min(500, answer.Long("retryAfterMs"))), TimeProvider.System), _stop.Task);
        }
        return false;
    }

    /// <summary>What was admitted is served, whatever the fleet does meanwhile: a replica that takes no connection any more is left for another, and nothing that one began may fail.</summary>
    private async Task<JsonNode> CompleteAsync(int turn)
    {
        var work = new JsonObject { ["prompt"] = string.Join(' ', Enumerable.Repeat("word", input)), ["max_tokens"] = output, ["ignore_eos"] = true };
        for (; ; turn++)
        {
            var serving = await EndToEnd.ServingAsync(api, pool);
            if (serving.Count == 0) continue;
            try
            {
                using var request = new HttpRequestMessage(HttpMethod.Post, new Uri($"{serving[turn % serving.Count]}/v1/completions")) { Content = JsonContent.Create(work) };
                request.Headers.ConnectionClose = true;
                using var answer = await _http.SendAsync(request, Within.Patience());
                return JsonNode.Parse(await answer.EnsureSuccessStatusCode().Content.ReadAsStringAsync(Within.Patience()))!["usage"]!;
            }
            catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.ConnectionError)
            {
                // It stopped between the look and the call.
            }
        }
    }

    public void Dispose() => _http.Dispose();
}
