using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using TokenLedger.Contracts;
using TokenLedger.Core.Replay;

namespace TokenLedger.Cli.WhatIf;

/// <summary>A window as recorded beside the same demand under other settings, and what had to be assumed.</summary>
internal sealed record WhatIfReport(PoolId Pool, WhatIfWindow Window, IReadOnlyList<string> Changes, WhatIfResult Result)
{
    public IReadOnlyList<string> Assumptions =>
    [
        "Requests come at their recorded times, whatever they are answered; a client that is admitted at an earlier attempt does not come again.",
        "A request that was admitted keeps its recorded duration and usage. One that was refused or stopped, and is admitted now, gets the mean duration and the mean share of its output limit of its entitlement's settled requests in this window" + Means + ".",
        "What happens to a request does not depend on the load: no request is made slower or quicker by others.",
        Changes.Count == 0 ? "Debt and limits are the recorded ones." : "Debt and limits come from fairness ticks made again over this run, at the pool's period from the beginning of the window.",
        Result.OnlyCounted == 0 ? "Every refusal of the window is listed." : $"{Result.OnlyCounted} refusals were counted without their ids; they cannot be decided again and stand in neither column.",
    ];

    public string ToJson() => JsonSerializer.Serialize(this, WhatIfJson.Default.WhatIfReport);

    private string Means => Result.Means.Count == 0 ? " (none was settled: the pool's lease, and no use)" : " (" + string.Join("; ", Result.Means.Select(mean =>
        string.Create(CultureInfo.InvariantCulture, $"{mean.Key}: {mean.Value.Duration.TotalSeconds:0.000} s, {mean.Value.OutputShare:0.0%} of the limit, over {mean.Value.Requests}"))) + ")";
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, Converters = [typeof(WordConverter<ServiceClass>), typeof(UtcTimeConverter)])]
[JsonSerializable(typeof(WhatIfReport))]
internal sealed partial class WhatIfJson : JsonSerializerContext;
