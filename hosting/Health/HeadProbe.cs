using Microsoft.Extensions.Options;
using TokenLedger.Ledger;

namespace TokenLedger.Hosting;

/// <summary>Asks the ledger for its head, but not for long.</summary>
internal sealed class HeadProbe(ILedger ledger, IOptions<HealthOptions> options, LedgerMeters meters, TimeProvider time)
{
    /// <returns>The head, or null with the reason when the ledger did not tell it in time.</returns>
    public async Task<(long? Head, string? Reason)> AskAsync(CancellationToken ct)
    {
        using var late = new CancellationTokenSource(options.Value.DatabaseTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, late.Token);
        try
        {
            var head = await ledger.HeadAsync(either.Token).WaitAsync(either.Token);
            meters.SawHead(head);
            return (head, null);
        }
        catch (Exception) when (late.IsCancellationRequested && !ct.IsCancellationRequested)
        {
            return (null, $"The ledger did not answer within {options.Value.DatabaseTimeout.TotalSeconds} s.");
        }
        catch (Exception error) when (!ct.IsCancellationRequested)
        {
            // Only the kind of the failure: everyone may read this answer, and messages can name hosts and users.
            return (null, $"The ledger cannot be reached ({error.GetType().Name}).");
        }
    }
}
