using TokenLedger.Client;
using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;

namespace TokenLedger.Gateway.Ledger;

/// <summary>Keeps the reservation of a request alive while it lasts: renewed when half of its time has gone.</summary>
internal sealed class Lease(ILedgerPort port, InferenceKey key, RequestId request, TimeProvider clock, ILogger log) : IAsyncDisposable
{
    private readonly CancellationTokenSource _over = new();
    private Task _keeping = Task.CompletedTask;

    public Lease Keep(DateTimeOffset expiresAt)
    {
        _keeping = KeepAsync(expiresAt);
        return this;
    }

    private async Task KeepAsync(DateTimeOffset expiresAt)
    {
        try
        {
            while (true)
            {
                var half = TimeSpan.FromTicks(Math.Max(TimeSpan.TicksPerMillisecond, (expiresAt - clock.GetUtcNow()).Ticks / 2));
                // Nearly every request ends here: without an exception, which would cost more than all else about it.
                await Task.Delay(half, clock, _over.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (_over.IsCancellationRequested) return;
                switch (await port.RenewAsync(key, request, _over.Token))
                {
                    case Granted<ReservationView> renewed: expiresAt = renewed.Value.ExpiresAt; break;
                    case Refused<ReservationView> { Status: >= 500 }: break; // Asked again after half of what is left.
                    case Refused<ReservationView> refused:
                        log.LogWarning("The lease of {Request} was not renewed: {Reason}", request, refused.Reason);
                        return;
                }
            }
        }
        catch (OperationCanceledException) when (_over.IsCancellationRequested)
        {
            // The request has ended.
        }
    }

    public async ValueTask DisposeAsync()
    {
        // Here and now: the end of the answer waits for it.
        _over.Cancel();
        await _keeping;
        _over.Dispose();
    }
}
