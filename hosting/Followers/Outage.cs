using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace TokenLedger.Hosting;

/// <summary>The pace of tries while something is down: doubling pauses up to a longest.</summary>
internal sealed class RetryPace(IOptions<FollowerOptions> options, TimeProvider time)
{
    private const int MostDoublings = 20;

    public TimeProvider Time { get; } = time;

    /// <summary>Pause after the n-th failure in a row (n from 1): first · 2^(n−1), at most the longest.</summary>
    public TimeSpan PauseAfter(int failures)
    {
        var (first, longest) = (options.Value.RetryFirst, options.Value.RetryLongest);
        var pause = first * Math.Pow(2, Math.Min(failures - 1, MostDoublings));
        return pause < longest ? pause : longest;
    }
}

/// <summary>A run of failures of one loop, which is tried again for ever: logged when it begins and when it ends, not at every try.</summary>
internal sealed class Outage(string what, RetryPace pace, ILogger logger)
{
    private int _failures;
    private volatile string? _reason;

    /// <summary>The kind of the last failure; null while all is well. The message stays in the log: it may name what not everyone may see.</summary>
    public string? Reason => _reason;

    public Task PauseAsync(Exception error, CancellationToken ct)
    {
        if (_failures++ == 0) logger.LogWarning(error, "{What} fails and is tried again until it works.", what);
        _reason = error.GetType().Name;
        return Task.Delay(pace.PauseAfter(_failures), pace.Time, ct);
    }

    public void Over()
    {
        if (_failures == 0) return;
        logger.LogInformation("{What} works again after {Failures} failures.", what, _failures);
        (_failures, _reason) = (0, null);
    }
}
