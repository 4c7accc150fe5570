using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using TokenLedger.Contracts;
using TokenLedger.Core.Replay;

namespace TokenLedger.Cli.WhatIf;

/// <summary>The settings that can be changed for a re-decision.</summary>
internal sealed class WhatIfOptions
{
    private readonly Option<int?> _replicas = Whole("--replicas", "Replicas that run all the time.", 0, 100_000);
    private readonly Option<int?> _burst = Whole("--burst-seconds", "Depth of the token buckets, in seconds of their rate.", 1, 3_600);

    private readonly Option<AdmissionPolicy?> _policy = new("--policy")
    {
        Description = $"Another policy: {string.Join(", ", Enum.GetValues<AdmissionPolicy>().Select(WordConverter<AdmissionPolicy>.Word))}.",
        HelpName = "policy",
        CustomParser = argument => ReadPolicy(argument, argument.Tokens[0].Value),
    };

    private readonly Option<bool?> _shadow = new("--shadow") { Description = "Admit what would be refused, or (false) refuse what shadow mode admitted.", HelpName = "true|false" };
    private readonly Option<double?> _lending = new("--lending")
    {
        Description = "Share of idle guaranteed baselines that is lent, from 0 to 1.",
        HelpName = "share",
        CustomParser = argument => ReadShare(argument, argument.Tokens[0].Value),
    };

    private readonly Option<(EntitlementId Id, ServiceClass Class)[]> _classes = new("--class")
    {
        Description = "Another service class for an entitlement; may be repeated.",
        HelpName = "entitlement=class",
        CustomParser = argument => [.. argument.Tokens.Select(token => ReadClass(argument, token.Value))],
    };

    private readonly Option<(EntitlementId Id, Capacity Baseline)[]> _baselines = new("--baseline")
    {
        Description = "Another baseline for an entitlement; may be repeated.",
        HelpName = "entitlement=tokensPerSecond,kvCacheBytes,sequences",
        CustomParser = argument => [.. argument.Tokens.Select(token => ReadBaseline(argument, token.Value))],
    };

    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[_replicas, _burst, _policy, _shadow, _lending, _classes, _baselines]) command.Add(option);
    }

    public WhatIfChanges Read(ParseResult parsed)
    {
        var changes = new SortedDictionary<EntitlementId, EntitlementChange>(Comparer<EntitlementId>.Create((a, b) => string.CompareOrdinal(a.Value, b.Value)));
        foreach (var (id, serviceClass) in parsed.GetValue(_classes) ?? []) changes[id] = new(serviceClass, null);
        foreach (var (id, baseline) in parsed.GetValue(_baselines) ?? []) changes[id] = new(changes.GetValueOrDefault(id)?.ServiceClass, baseline);
        return new(parsed.GetValue(_replicas), parsed.GetValue(_burst), changes, parsed.GetValue(_policy), parsed.GetValue(_shadow), parsed.GetValue(_lending));
    }

    /// <summary>What is changed, as it was typed.</summary>
    public static IReadOnlyList<string> Describe(WhatIfChanges changes) =>
    [
        .. changes.Replicas is { } replicas ? [$"replicas {replicas}"] : Array.Empty<string>(),
        .. changes.BurstSeconds is { } burst ? [$"burst-seconds {burst}"] : Array.Empty<string>(),
        .. changes.Policy is { } policy ? [$"policy {WordConverter<AdmissionPolicy>.Word(policy)}"] : Array.Empty<string>(),
        .. changes.Shadow is { } shadow ? [$"shadow {(shadow ? "true" : "false")}"] : Array.Empty<string>(),
        .. changes.Lending is { } lending ? [string.Create(CultureInfo.InvariantCulture, $"lending {lending}")] : Array.Empty<string>(),
        .. changes.Entitlements.Where(e => e.Value.ServiceClass is not null).Select(e => $"class {e.Key}={WordConverter<ServiceClass>.Word(e.Value.ServiceClass!.Value)}"),
        .. changes.Entitlements.Where(e => e.Value.Baseline is not null).Select(e => $"baseline {e.Key}={e.Value.Baseline!.Value.TokensPerSecond},{e.Value.Baseline.Value.KvCacheBytes},{e.Value.Baseline.Value.Sequences}"),
    ];

    private static AdmissionPolicy? ReadPolicy(ArgumentResult argument, string text)
    {
        foreach (var policy in Enum.GetValues<AdmissionPolicy>())
            if (text == WordConverter<AdmissionPolicy>.Word(policy)) return policy;
        argument.AddError($"'{text}' is no policy, such as threshold.");
        return null;
    }

    private static double? ReadShare(ArgumentResult argument, string text)
    {
        if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var share) && share is >= 0 and <= 1) return share;
        argument.AddError($"'{text}' is not a share from 0 to 1, such as 0.5.");
        return null;
    }

    private static (EntitlementId, ServiceClass) ReadClass(ArgumentResult argument, string text)
    {
        var parts = text.Split('=');
        foreach (var serviceClass in Enum.GetValues<ServiceClass>())
            if (parts.Length == 2 && EntitlementId.TryParse(parts[0], null, out var id) && parts[1] == WordConverter<ServiceClass>.Word(serviceClass)) return (id, serviceClass);
        argument.AddError($"'{text}' is not an entitlement and a class, such as batch=spot.");
        return default;
    }

    private static (EntitlementId, Capacity) ReadBaseline(ArgumentResult argument, string text)
    {
        var parts = text.Split('=', ',');
        if (parts.Length == 4 && EntitlementId.TryParse(parts[0], null, out var id) && Amount(parts[1], out var tokens) && Amount(parts[2], out var kv) && Amount(parts[3], out var sequences) && sequences <= int.MaxValue)
            return (id, new(tokens, kv, (int)sequences));
        argument.AddError($"'{text}' is not an entitlement and its tokens per second, KV-cache bytes and sequences, such as batch=1000,2000000000,8.");
        return default;
    }

    private static bool Amount(string text, out long amount) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out amount);

    private static Option<int?> Whole(string name, string description, int least, int most)
    {
        var option = new Option<int?>(name) { Description = $"{description} ({least}–{most})", HelpName = "n" };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int?>() is { } value && (value < least || value > most)) result.AddError($"{name} must be from {least} to {most}.");
        });
        return option;
    }
}
