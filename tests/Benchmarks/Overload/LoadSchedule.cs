using TokenLedger.Contracts;

namespace TokenLedger.Benchmarks.Overload;

/// <summary>A part of a run in which a tenant sends at one rate, in seconds from the begin of the run.</summary>
internal sealed record Stretch(double From, double To, double RequestsPerSecond);

/// <summary>A tenant as a source of load.</summary>
/// <param name="InputTokens">Mean; single requests differ by a quarter up and down, as does <paramref name="OutputTokens"/>.</param>
internal sealed record LoadTenant(string Name, ServiceClass ServiceClass, int InputTokens, int OutputTokens, IReadOnlyList<Stretch> Stretches);

/// <summary>A request that is to be sent, whatever became of those before it.</summary>
/// <param name="Due">Seconds from the begin of the run.</param>
internal sealed record ScheduledRequest(LoadTenant Tenant, int Number, double Due, int InputTokens, int OutputTokens)
{
    /// <summary>A streamed chat request. Its first word is its own, so that no engine has read its beginning before; a token of the simulated engine is a word.</summary>
    public string Body(string run) => $$"""
        {"stream":true,"stream_options":{"include_usage":true},"ignore_eos":true,"max_tokens":{{OutputTokens}},
         "messages":[{"role":"user","content":"{{run}}-{{Tenant.Name}}-{{Number}}{{string.Concat(Enumerable.Range(1, InputTokens - 1).Select(word => $" w{(word * 7919 + Number) % 9973:x}"))}}"}]}
        """;
}

/// <summary>
/// An open loop: when a request is due does not depend on any answer. A tenant's requests come one in each interval of 1 ÷ rate, at a random moment of it.
/// Each tenant has random numbers of its own, so that it sends the same in every run of a seed, whoever sends besides.
/// </summary>
internal static class LoadSchedule
{
    private const double Spread = 0.25;

    public static IReadOnlyList<ScheduledRequest> Of(IEnumerable<LoadTenant> tenants, int seed) =>
        [.. tenants.SelectMany((tenant, index) => Of(tenant, new Random(seed * 1_000 + index))).OrderBy(request => request.Due)];

    private static IEnumerable<ScheduledRequest> Of(LoadTenant tenant, Random random)
    {
        var number = 0;
        foreach (var (from, to, rate) in tenant.Stretches)
            for (var i = 0; i < (int)Math.Round((to - from) * rate); i++)
                yield return new(tenant, ++number, from + (i + random.NextDouble()) / rate, Around(tenant.InputTokens, random), Around(tenant.OutputTokens, random));
    }

    private static int Around(int mean, Random random) => Math.Max(1, (int)Math.Round(mean * (1 + Spread * (2 * random.NextDouble() - 1))));
}
