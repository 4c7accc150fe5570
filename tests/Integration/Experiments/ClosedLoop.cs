using TokenLedger.Tests.Integration.Http;
using TokenLedger.Tests.Integration.Scenarios;

namespace TokenLedger.Tests.Integration.Experiments;

/// <summary>Clients of one tenant that ask again as soon as they are served, and come back when they are told to: each asks the API before, and reports to it after, what the engine does.</summary>
internal sealed class ClosedLoop(ApiClient gateway, EngineServer engine, int input, int output, int waitMs = 0)
{
    private readonly TaskCompletionSource _stop = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _clients = Task.CompletedTask;
    private int _served;
    private int _refused;

    /// <summary>Requests that the engine has finished and that are reported.</summary>
    public int Served => Volatile.Read(ref _served);

    /// <summary>Answers that told a client to come back.</summary>
    public int Refused => Volatile.Read(ref _refused);

    public ClosedLoop Start(int clients)
    {
        _clients = Task.WhenAll(Enumerable.Range(0, clients).Select(_ => Task.Run(RunAsync)));
        return this;
    }

    /// <summary>Returns when so many more requests are served.</summary>
    public Task ServeAsync(int more)
    {
        var until = Served + more;
        return Eventually.HoldsAsync($"{until} requests are served", async () => _clients.IsFaulted ? await FailAsync() : Served >= until, () => $"There were {Served}, and {Refused} refusals.");
    }

    /// <summary>Lets the clients finish what is under way.</summary>
    public Task StopAsync()
    {
        _stop.TrySetResult();
        return _clients;
    }

    private async Task RunAsync()
    {
        while (!_stop.Task.IsCompleted)
        {
            var request = Guid.NewGuid();
            while (!await AdmittedAsync(request))
                if (_stop.Task.IsCompleted) return;
            var (read, made) = await engine.CompleteAsync(input, output);
            (await gateway.UseAsync(request, read, made)).MustBe(202);
            Interlocked.Increment(ref _served);
        }
    }

    private async Task<bool> AdmittedAsync(Guid request)
    {
        var body = Bodies.Admission(request, input, output);
        body["waitMs"] = waitMs;
        var answer = await gateway.PostAsync("/v1/admissions", body);
        if (answer.Status == 201) return true;
        answer.MustBe(429);
        Interlocked.Increment(ref _refused);
        await Task.WhenAny(Task.Delay(TimeSpan.FromMilliseconds(answer.Long("retryAfterMs")), TimeProvider.System), _stop.Task);
        return false;
    }

    private async Task<bool> FailAsync()
    {
        await _clients;
        return true;
    }
}
