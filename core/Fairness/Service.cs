using TokenLedger.Core.Pools;

namespace TokenLedger.Core.Fairness;

/// <summary>
/// What one entitlement has been served and what it has waited for, as functions of time (docs/domain.md §6, ours): the tokens of its ended requests exactly, and of each open one
/// min(reserved, ρ · age), with ρ the tokens/s of one of its sequences. So a tick counts what was served in it and not what was admitted, and over all ticks every token once.
/// </summary>
internal sealed class Service
{
    private const double Newest = 0.1;
    private const double MostCounted = long.MaxValue / 2;
    private double _meanTokens;
    private double _meanSeconds;
    private long _ended;
    private long _told;
    private double _open;
    private double _wanted;
    private double _requestSeconds;
    private double _tokenSeconds;
    private AnonymousWait _anonymous;

    /// <summary>Requests that wait or were refused and have not been served since, at the last look.</summary>
    public long WaitingRequests { get; private set; }

    /// <summary>What those would hold together, in tokens.</summary>
    public Int128 WaitingTokens { get; private set; }

    /// <summary>When it last asked for something, or was still served or waiting.</summary>
    public DateTimeOffset AskedAt { get; set; }

    /// <summary>ρ: tokens/s of one of its sequences, an average over its ended requests; before the first what the pool's capacity gives a sequence.</summary>
    public double Rate(double nominal) => _meanSeconds > 0 ? _meanTokens / _meanSeconds : nominal;

    /// <summary>A request ended and was known to have used so many tokens.</summary>
    public void End(long tokens) => _ended += tokens;

    /// <summary>How long a request took for its tokens.</summary>
    public void Observe(long tokens, TimeSpan held)
    {
        if (held <= TimeSpan.Zero) return;
        var share = _meanSeconds == 0 ? 1 : Newest;
        (_meanTokens, _meanSeconds) = (_meanTokens + share * (tokens - _meanTokens), _meanSeconds + share * (held.TotalSeconds - _meanSeconds));
    }

    /// <summary>Refusals that are only counted stand until they are counted anew, or until what they asked for would have been served.</summary>
    /// <param name="more">They come on top of those counted before.</param>
    public void Refuse(long requests, long tokens, bool more, DateTimeOffset at, double nominal, TimeSpan longest)
    {
        Wait(_anonymous.Requests, _anonymous.Tokens, _anonymous.From, _anonymous.Until, at, nominal);
        if (more && at < _anonymous.Until) (requests, tokens) = (requests + _anonymous.Requests, tokens + _anonymous.Tokens);
        _anonymous = new(requests, tokens, at, at + Lasts((double)tokens / Math.Max(1, requests), nominal, longest));
    }

    /// <summary>How long it would be served for so many tokens.</summary>
    public TimeSpan Lasts(double tokens, double nominal, TimeSpan longest) =>
        TimeSpan.FromSeconds(Math.Min(longest.TotalSeconds, tokens / Math.Max(double.Epsilon, Rate(nominal))));

    /// <summary>Requests waited from one time until another, as far as that has passed.</summary>
    /// <param name="tokens">What they would hold together.</param>
    public void Wait(long requests, long tokens, DateTimeOffset from, DateTimeOffset until, DateTimeOffset now, double nominal)
    {
        var seconds = ((until < now ? until : now) - from).TotalSeconds;
        if (requests <= 0 || seconds <= 0) return;
        _wanted += requests * seconds * Rate(nominal);
        (_requestSeconds, _tokenSeconds) = (_requestSeconds + requests * seconds, _tokenSeconds + tokens * seconds);
    }

    /// <summary>Requests that waited, and what they would have held: at its end or in the mean over the tick, whichever is more, for a wait may be shorter than a tick.</summary>
    public (long Requests, Int128 Tokens) WaitedOver(double seconds) =>
        (Math.Max(WaitingRequests, (long)Math.Min(MostCounted, Math.Ceiling(_requestSeconds / seconds))), Int128.Max(WaitingTokens, (Int128)Math.Ceiling(_tokenSeconds / seconds)));

    public void BeginLook(DateTimeOffset now, double nominal)
    {
        (_open, WaitingRequests, WaitingTokens) = (0, 0, 0);
        Wait(_anonymous.Requests, _anonymous.Tokens, _anonymous.From, _anonymous.Until, now, nominal);
        _anonymous = now < _anonymous.Until ? _anonymous with { From = now > _anonymous.From ? now : _anonymous.From } : default;
        (WaitingRequests, WaitingTokens) = (_anonymous.Requests, _anonymous.Tokens);
    }

    public void SeeOpen(Reservation open, DateTimeOffset now, double nominal)
    {
        // What the first token settled is known to be used.
        var used = Math.Max(open.Reserved.Tokens - open.Outstanding.Tokens, Rate(nominal) * (now - open.AdmittedAt).TotalSeconds);
        _open += Math.Min(open.Reserved.Tokens, used);
    }

    public void SeeWaiting(long tokens)
    {
        WaitingRequests++;
        WaitingTokens += tokens;
    }

    /// <summary>Whole tokens received and asked for in vain since the last time; the parts of tokens are kept for the next.</summary>
    public (long Received, long Waited) Tell()
    {
        var served = _ended + (long)Math.Floor(_open);
        var (received, waited) = (served - _told, (long)Math.Min(_wanted, MostCounted));
        _told = served;
        _wanted -= waited;
        (_requestSeconds, _tokenSeconds) = (0, 0);
        return (received, waited);
    }

    private readonly record struct AnonymousWait(long Requests, long Tokens, DateTimeOffset From, DateTimeOffset Until);
}
