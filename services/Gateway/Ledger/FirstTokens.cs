using System.Collections.Concurrent;
using Microsoft.Extensions.Options;

namespace TokenLedger.Gateway.Ledger;

/// <summary>
/// Holds the words of first tokens back for some milliseconds, so that those of many requests reach Admission together and share a commit: each of their own would make other requests' commits
/// wait. Nobody waits for such a word, and the end of a request says the same; but what the prompt held of the pool is given back as much later.
/// </summary>
internal sealed class FirstTokens(IOptions<GatewayOptions> options, TimeProvider clock)
{
    private readonly ConcurrentQueue<Func<Task>> _waiting = [];
    private int _gathers;

    /// <param name="tell">Tells Admission, and fails for nothing.</param>
    public void Add(Func<Task> tell)
    {
        _waiting.Enqueue(tell);
        if (Interlocked.Exchange(ref _gathers, 1) == 0) _ = TellAsync();
    }

    private async Task TellAsync()
    {
        await Task.Delay(TimeSpan.FromMilliseconds(options.Value.FirstTokenMs), clock);
        // Before the queue is emptied: who comes too late for that begins anew.
        Interlocked.Exchange(ref _gathers, 0);
        while (_waiting.TryDequeue(out var tell)) _ = tell();
    }
}
