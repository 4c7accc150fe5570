using System.Globalization;
using TokenLedger.Core.Pools;

namespace TokenLedger.Admission.Endpoints;

/// <summary>
/// The headers that clients of the OpenAI API know (<c>x-ratelimit-*</c>; the "requests" family is sequences in flight) and the IETF pair
/// <c>RateLimit-Policy</c> / <c>RateLimit</c> (draft-ietf-httpapi-ratelimit-headers).
/// </summary>
internal static class RateLimitHeaders
{
    public static void Write(IHeaderDictionary headers, Headroom room, long retryAfterMs = 0)
    {
        headers["x-ratelimit-limit-requests"] = Text(room.LimitSequences);
        headers["x-ratelimit-remaining-requests"] = Text(room.RemainingSequences);
        headers["x-ratelimit-reset-requests"] = Duration(room.SequencesReset);
        headers["x-ratelimit-limit-tokens"] = Text(room.LimitTokens);
        headers["x-ratelimit-remaining-tokens"] = Text(room.RemainingTokens);
        headers["x-ratelimit-reset-tokens"] = Duration(room.TokensReset);
        headers["RateLimit-Policy"] = $"\"requests\";q={Text(room.LimitSequences)}, \"tokens\";q={Text(room.LimitTokens)}";
        headers["RateLimit"] = $"\"requests\";r={Text(room.RemainingSequences)};t={Seconds(room.SequencesReset)}, \"tokens\";r={Text(room.RemainingTokens)};t={Seconds(room.TokensReset)}";
        if (retryAfterMs > 0) headers.RetryAfter = Text(Math.Max(1, (retryAfterMs + 999) / 1000));
    }

    /// <summary>A duration as the OpenAI API writes it: <c>1m30s</c>, <c>12s</c>, <c>250ms</c>.</summary>
    public static string Duration(TimeSpan span)
    {
        if (span < TimeSpan.FromSeconds(1)) return Text((long)Math.Ceiling(span.TotalMilliseconds)) + "ms";
        var seconds = (long)Math.Ceiling(span.TotalSeconds);
        var (h, m, s) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        return (h > 0 ? Text(h) + "h" : "") + (h > 0 || m > 0 ? Text(m) + "m" : "") + Text(s) + "s";
    }

    private static string Seconds(TimeSpan span) => Text((long)Math.Ceiling(span.TotalSeconds));

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
