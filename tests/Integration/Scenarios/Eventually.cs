namespace TokenLedger.Tests.Integration.Scenarios;

/// <summary>Waits for what another process will show on its own: looks ten times a second, within bounds, and says what it waited for when it gives up.</summary>
internal static class Eventually
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(90);

    public static async Task HoldsAsync(string what, Func<Task<bool>> condition, Func<string>? explain = null)
    {
        using var source = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        source.CancelAfter(s_patience);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        try
        {
            while (!await condition()) await timer.WaitForNextTickAsync(source.Token);
        }
        catch (OperationCanceledException) when (!TestContext.Current.CancellationToken.IsCancellationRequested)
        {
            Assert.Fail($"Within {s_patience.TotalSeconds} s it did not come about that {what}. {explain?.Invoke()}");
        }
    }
}
