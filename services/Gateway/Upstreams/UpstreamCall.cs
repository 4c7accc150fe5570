using TokenLedger.Contracts;

namespace TokenLedger.Gateway.Upstreams;

/// <summary>
/// One request at one server: how long it may take, and its end when the client goes. A server that can be told to end a request is told, and listened to a moment longer,
/// for its last word is what was produced; from any other the connection is closed.
/// </summary>
internal sealed class UpstreamCall : IAsyncDisposable
{
    private static readonly TimeSpan s_again = TimeSpan.FromMilliseconds(20);
    private readonly UpstreamClient _client;
    private readonly RequestId _id;
    private readonly GatewayOptions _options;
    private readonly TimeProvider _clock;
    private readonly long _tokens;
    private readonly CancellationTokenSource _over = new();
    private readonly CancellationTokenSource _answered = new();
    private readonly ITimer _deadline;
    private readonly CancellationTokenRegistration _gone;
    private Task _abort = Task.CompletedTask;

    public UpstreamCall(UpstreamClient client, Replica replica, RequestId id, long tokens, GatewayOptions options, TimeProvider clock, CancellationToken clientGone)
    {
        (_client, Replica, _id, _tokens, _options, _clock) = (client, replica, id, tokens, options, clock);
        _deadline = clock.CreateTimer(_ => TimeOut(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        replica.Begin(tokens);
        _gone = clientGone.UnsafeRegister(_ => Leave(), null);
    }

    public Replica Replica { get; }
    public CancellationToken Token => _over.Token;
    public bool TimedOut { get; private set; }

    /// <summary>Gives it so much time from now; not when the client has gone, as then the time is set.</summary>
    public void Within(int ms)
    {
        if (!_gone.Token.IsCancellationRequested) _deadline.Change(TimeSpan.FromMilliseconds(ms), Timeout.InfiniteTimeSpan);
    }

    private void TimeOut()
    {
        TimedOut = true;
        _over.Cancel();
    }

    private void Leave()
    {
        if (string.IsNullOrEmpty(_options.AbortPath)) _over.Cancel();
        else
        {
            _deadline.Change(TimeSpan.FromMilliseconds(_options.AbortMs), Timeout.InfiniteTimeSpan);
            _abort = AbortAsync();
        }
    }

    /// <summary>Asks until the server knows the request: the client may have gone before it arrived there.</summary>
    private async Task AbortAsync()
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(_over.Token, _answered.Token);
        try
        {
            while (!await _client.AbortAsync(Replica, _id, either.Token)) await Task.Delay(s_again, _clock, either.Token);
        }
        catch (OperationCanceledException)
        {
            // It has ended, one way or the other.
        }
        catch (HttpRequestException)
        {
            await _over.CancelAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _gone.DisposeAsync();
        await _answered.CancelAsync();
        await _abort;
        await _deadline.DisposeAsync();
        Replica.End(_tokens);
        _over.Dispose();
        _answered.Dispose();
    }
}
