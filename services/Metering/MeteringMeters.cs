using System.Diagnostics.Metrics;
using TokenLedger.Contracts;

namespace TokenLedger.Metering;

/// <summary>Counts usage events by their status, and consumed tokens under the GenAI semantic conventions' names.</summary>
internal sealed class MeteringMeters
{
    private readonly Counter<long> _events;
    private readonly Counter<long> _unadmitted;
    private readonly Counter<long> _input;
    private readonly Counter<long> _output;
    private readonly Histogram<double> _firstToken;

    public MeteringMeters(IMeterFactory meters)
    {
        var meter = meters.Create("TokenLedger.Metering");
        _events = meter.CreateCounter<long>("tokenledger.usage.events", "{event}", "Usage events taken in, by the status they were answered with.");
        _unadmitted = meter.CreateCounter<long>("tokenledger.usage.unadmitted", "{event}", "Usage events recorded although nothing had admitted their request.");
        _input = meter.CreateCounter<long>("gen_ai.usage.input_tokens", "{token}", "Input tokens consumed.");
        _firstToken = meter.CreateHistogram<double>("gen_ai.server.time_to_first_token", "s", "Time from the start of a request to its first token, where the report says both.");
        _output = meter.CreateCounter<long>("gen_ai.usage.output_tokens", "{token}", "Output tokens consumed.");
    }

    public void Count(int status, int events) => _events.Add(events, new KeyValuePair<string, object?>("status", status));

    public void CountUnadmitted(int events) => _unadmitted.Add(events);

    public void Count(TokensConsumed e)
    {
        KeyValuePair<string, object?> pool = new("pool", e.Pool?.Value ?? ""), entitlement = new("entitlement", e.Entitlement?.Value ?? "");
        _input.Add(e.InputTokens, pool, entitlement);
        _output.Add(e.OutputTokens, pool, entitlement);
        if (e.FirstTokenAt - e.StartedAt is { } wait && wait >= TimeSpan.Zero) _firstToken.Record(wait.TotalSeconds, pool, entitlement);
    }
}
