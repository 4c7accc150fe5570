namespace TokenLedger.Tests.Integration.Hosting;

/// <summary>Bounded waiting: a test that waits longer than this has failed.</summary>
internal static class Within
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    /// <summary>A token that ends the wait of a test, with the test's own.</summary>
    public static CancellationToken Patience()
    {
        var source = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        source.CancelAfter(s_patience);
        return source.Token;
    }
}
