using TokenLedger.Contracts;
using TokenLedger.Engine;
using TokenLedger.Ledger;

namespace TokenLedger.Tests.Integration.Gateways;

/// <summary>Input and output tokens of one request.</summary>
internal readonly record struct Tokens(long Input, long Output)
{
    public static Tokens operator +(Tokens a, Tokens b) => new(a.Input + b.Input, a.Output + b.Output);
}

/// <summary>Tokens by request: what the engines read and made, and what the ledger has of it. They are to be the same.</summary>
internal sealed class TokenAccounts
{
    private const int PageSize = 10_000;
    private static readonly string[] s_types = [EventCatalogue.WireName<TokensConsumed>(), EventCatalogue.WireName<UsageCorrected>(), EventCatalogue.WireName<ReservationExpired>()];
    private readonly HashSet<RequestId> _expired = [];

    public Dictionary<RequestId, Tokens> Produced { get; } = [];
    public Dictionary<RequestId, Tokens> Recorded { get; } = [];

    /// <summary>Requests whose lease had run out, and whose end a server told.</summary>
    public HashSet<RequestId> Recovered { get; } = [];

    /// <summary>Position of the last reservation that expired.</summary>
    public long LastExpiry { get; private set; }

    public static async Task<TokenAccounts> ReadAsync(IEnumerable<SimulatedEngine> engines, ILedger ledger, CancellationToken ct)
    {
        var accounts = new TokenAccounts();
        foreach (var entry in engines.SelectMany(engine => engine.Log)) Add(accounts.Produced, RequestId.Parse(entry.RequestId), new(entry.PromptTokens, entry.OutputTokens));
        // A page may end with what this process appended last, though others appended more.
        for (var (after, head) = (0L, await ledger.HeadAsync(ct)); after < head;)
        {
            var page = await ledger.ReadAllAsync(after, PageSize, s_types, stream: null, ct);
            foreach (var recorded in page.Events) accounts.Take(recorded);
            after = page.Through;
        }
        return accounts;
    }

    /// <summary>Requests of which the two say different things, each with what the ledger has too much.</summary>
    public IReadOnlyDictionary<RequestId, Tokens> Differences() => Produced.Keys.Union(Recorded.Keys)
        .Select(request => (request, Produced: Produced.GetValueOrDefault(request), Recorded: Recorded.GetValueOrDefault(request)))
        .Where(one => one.Produced != one.Recorded).ToDictionary(one => one.request, one => new Tokens(one.Recorded.Input - one.Produced.Input, one.Recorded.Output - one.Produced.Output));

    private void Take(RecordedEvent recorded)
    {
        switch (recorded.Data)
        {
            case TokensConsumed e:
                Add(Recorded, e.Request, new(e.InputTokens, e.OutputTokens));
                if (e.EndLost != true && _expired.Contains(e.Request)) Recovered.Add(e.Request);
                break;
            case UsageCorrected e:
                Add(Recorded, e.Request, new(e.InputTokens, e.OutputTokens));
                break;
            case ReservationExpired e:
                _expired.Add(e.Request);
                LastExpiry = recorded.Position;
                break;
        }
    }

    private static void Add(Dictionary<RequestId, Tokens> sums, RequestId request, Tokens tokens) => sums[request] = sums.GetValueOrDefault(request) + tokens;
}
