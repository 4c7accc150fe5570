using TokenLedger.Contracts;
using TokenLedger.Ledger;
using TokenLedger.Tests.Integration.Audit;
using TokenLedger.Tests.Integration.Http;

namespace TokenLedger.Tests.Integration.Billing;

/// <summary>Half a year of two tenants from a seed: prices that change (also for the past), terms that change, usage of all classes, late and of closed months, corrections of it, and months that close.</summary>
internal sealed class RandomHistory(int seed, StoppedTime clock)
{
    private static readonly PoolId s_pool = new("pool");
    private static readonly string[] s_models = ["llama", "mistral"];
    private static readonly Capacity s_replica = new(100_000, 1_000_000_000, 64);
    private static readonly PoolSettings s_settings = new("llama", 2, s_replica, 1_000, 100, 10, 300, 3_600_000, new(1, 4, 0.8));
    private readonly Dictionary<EntitlementId, EntitlementTerms> _terms = [];
    private readonly Random _random = new(seed);
    private readonly List<(long Position, TokensConsumed Entry)> _known = [];
    private string _model = "llama";
    private int _entries;

    public async Task PlayAsync(ApiInstance api, int steps)
    {
        await api.AppendAsync(Streams.Pool(s_pool), clock.GetUtcNow(), new PoolOpened(s_pool, s_settings));
        await SetPriceAsync(api);
        for (var step = 0; step < steps; step++)
        {
            clock.Skip(TimeSpan.FromMinutes(_random.Next(1, 2_000)));
            switch (_random.Next(14))
            {
                case 0: await SetPriceAsync(api); break;
                case 1 or 2: await GrantAsync(api); break;
                case 3: await RevokeAsync(api); break;
                case 4: await ReconfigureAsync(api); break;
                case 5: await api.CloseAsync(); break;
                case 6 or 7: await CorrectAsync(api); break;
                default: await ConsumeAsync(api); break;
            }
        }
        clock.Skip(TimeSpan.FromDays(40));
        await api.CloseAsync();
    }

    private Task SetPriceAsync(ApiInstance api)
    {
        List<PriceRate> rates = [.. from kind in Enum.GetValues<PriceKind>()
                                    from serviceClass in (ServiceClass?[])[null, ServiceClass.Guaranteed, ServiceClass.Spot]
                                    where _random.Next(2) == 0 && (kind, serviceClass) != (PriceKind.Committed, ServiceClass.Spot)
                                    select new PriceRate(kind, _random.Next(1, 3_000_001), serviceClass)];
        return api.AppendAsync(Streams.Prices, clock.GetUtcNow(), new PriceSet(Pick(s_models), clock.GetUtcNow().AddDays(_random.Next(-50, 20)).ToLedgerTime(), rates, "tests"));
    }

    private async Task GrantAsync(ApiInstance api)
    {
        var entitlement = new EntitlementId($"e{_random.Next(4)}");
        var now = clock.GetUtcNow();
        var terms = new EntitlementTerms(
            new(Pick(["acme", "globex"])), Pick(Enum.GetValues<ServiceClass>()), 500, new(_random.Next(0, 50), 1, 1),
            _random.Next(3) == 0 ? now.AddMinutes(_random.Next(-500, 500)) : null, _random.Next(3) == 0 ? now.AddMinutes(_random.Next(600, 20_000)) : null);
        await api.AppendAsync(Streams.Pool(s_pool), now, _terms.ContainsKey(entitlement) ? new EntitlementAmended(s_pool, entitlement, terms) : new EntitlementGranted(s_pool, entitlement, terms));
        _terms[entitlement] = terms;
    }

    private async Task RevokeAsync(ApiInstance api)
    {
        if (_terms.Count == 0) return;
        var entitlement = Pick([.. _terms.Keys]);
        _terms.Remove(entitlement);
        await api.AppendAsync(Streams.Pool(s_pool), clock.GetUtcNow(), new EntitlementRevoked(s_pool, entitlement));
    }

    private async Task ReconfigureAsync(ApiInstance api)
    {
        _model = Pick(s_models);
        await api.AppendAsync(Streams.Pool(s_pool), clock.GetUtcNow(), new PoolReconfigured(s_pool, s_settings with { Model = _model }));
    }

    private async Task ConsumeAsync(ApiInstance api)
    {
        var entries = Enumerable.Range(0, _random.Next(1, 40)).Select(_ => Entry()).ToArray();
        var last = await api.AppendAsync(Streams.Usage(s_pool), clock.GetUtcNow(), entries);
        _known.AddRange(entries.Select((entry, i) => (last - entries.Length + 1 + i, entry)));
    }

    /// <summary>Several in one batch, so that some correct the same entry again.</summary>
    private async Task CorrectAsync(ApiInstance api)
    {
        if (_known.Count == 0) return;
        await api.AppendAsync(Streams.Usage(s_pool), clock.GetUtcNow(), [.. Enumerable.Range(0, 10).Select(_ => Correction(_random.Next(Math.Max(0, _known.Count - 60), _known.Count)))]);
    }

    private UsageCorrected Correction(int which)
    {
        var (position, before) = _known[which];
        var right = Entry();
        _known[which] = (position, before with { InputTokens = right.InputTokens, CachedInputTokens = right.CachedInputTokens, OutputTokens = right.OutputTokens, ReasoningTokens = right.ReasoningTokens });
        return new(
            $"{seed}-{++_entries}", new(before.Source, before.EventId, position), before.Request, before.Pool, before.Entitlement, before.Tenant, before.Model, before.ServiceClass, before.Admitted, before.Outcome,
            Requests: 0, right.InputTokens - before.InputTokens, right.CachedInputTokens - before.CachedInputTokens, right.OutputTokens - before.OutputTokens, right.ReasoningTokens - before.ReasoningTokens,
            "a test", "tests", before.CompletedAt);
    }

    private TokensConsumed Entry()
    {
        var entitlement = _terms.Count > 0 && _random.Next(10) > 0 ? Pick([.. _terms.Keys]) : (EntitlementId?)null;
        var terms = entitlement is { } known ? _terms[known] : null;
        var (input, output) = (_random.Next(0, 20_000), _random.Next(0, 5_000));
        var completed = clock.GetUtcNow().AddMinutes(_random.Next(5) == 0 ? -_random.Next(60_000) : -_random.Next(90));
        return new(
            "tests", $"{seed}-{++_entries}", new(Guid.NewGuid()), s_pool, entitlement, terms?.Tenant, _model, terms?.ServiceClass, Admitted: true,
            input, _random.Next(0, input + 1), output, _random.Next(0, output + 1), Outcome.Completed, null, null, completed.ToLedgerTime());
    }

    private T Pick<T>(IReadOnlyList<T> from) => from[_random.Next(from.Count)];
}
