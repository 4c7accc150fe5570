using System.CommandLine;
using System.Globalization;
using TokenLedger.Cli.Api;
using TokenLedger.Cli.Traces;
using TokenLedger.Contracts;

namespace TokenLedger.Cli.Commands;

/// <summary><c>trace play</c>: plays recorded requests through the API.</summary>
internal static class TraceCommand
{
    private const string Maximum = "max";

    public static Command Create(Globals globals) => new("trace", "Work with recorded traces of requests.") { Play(globals) };

    private static Command Play(Globals globals)
    {
        var play = new PlayArguments();
        var command = new Command("play",
            "Play traces through the API as a gateway would: admit, hold, report usage. A file is CSV with the header TIMESTAMP,ContextTokens,GeneratedTokens, "
            + "or JSON lines with timestamp (ms), input_length and output_length. Exit code 1 when something offered was neither served nor refused with a reason.");
        play.AddTo(command);
        command.SetAction((parsed, ct) => PlayAsync(globals, play, parsed, ct));
        return command;
    }

    private static async Task<int> PlayAsync(Globals globals, PlayArguments play, ParseResult parsed, CancellationToken ct)
    {
        var key = globals.RequireKey(parsed);
        var options = play.ReadOptions(parsed);
        var seed = parsed.GetValue(play.IdSeed) ?? Guid.NewGuid().ToString("N");
        var plan = PlayPlan.Of([.. parsed.GetRequiredValue(play.Files).Select(file => TraceFile.Open(file.FullName))], seed, parsed.GetValue(play.Limit));
        var url = globals.Address(parsed);
        var timeout = TimeSpan.FromSeconds(parsed.GetValue(play.TimeoutSeconds));
        var connections = parsed.GetValue(play.Concurrency);
        using var admissions = Connections.Open(parsed.GetValue(play.AdmissionUrl) ?? url, key, connections, timeout);
        using var usage = Connections.Open(parsed.GetValue(play.UsageUrl) ?? url, key, connections, timeout);

        var time = TimeProvider.System;
        var tally = new PlayTally(plan.Count);
        var calls = new GatewayCalls(Sender(admissions), Sender(usage), options, tally);
        await Console.Error.WriteLineAsync($"Playing {plan.Count} requests; --id-seed {seed} repeats this play without counting anything twice.");
        var started = time.GetTimestamp();
        var finished = await PlayReport.WatchAsync(new TracePlayer(calls, options, time, tally).PlayAsync(plan, ct), tally, time);
        var summary = PlaySummary.Of(
            tally, seed, [.. parsed.GetRequiredValue(play.Files).Select(file => file.Name)], options.Pool.Value, finished, time.GetElapsedTime(started));
        PlayReport.Write(summary, tally.ErrorMessages, parsed.GetValue(globals.Json));
        return summary.IsComplete ? 0 : CommandFailure.FailedCode;

        RetryingSender Sender(HttpClient http) => new(http, options.RetryFor, time, Random.Shared, tally);
    }

    /// <summary>The options of <c>trace play</c>.</summary>
    private sealed class PlayArguments
    {
        public Argument<FileInfo[]> Files { get; } =
            new Argument<FileInfo[]>("file") { Description = "Trace files; several are merged in order of time.", Arity = ArgumentArity.OneOrMore }.AcceptExistingOnly();
        public Option<int?> Limit { get; } = Positive("--limit", "Play only the first requests.");
        public Option<string?> IdSeed { get; } = new("--id-seed")
        {
            Description = "Text that the request ids are made from: the same seed resumes a broken play. Default: random, and shown.",
            HelpName = "text",
        };
        public Option<int> Concurrency { get; } = Arguments.Number("--concurrency", "Connections, and at --speed max also requests open at once.", 64, 1, 4096);
        public Option<int> TimeoutSeconds { get; } = Arguments.Number("--timeout-seconds", "How long one attempt of a call may take.", 10, 1, 600);
        public Option<Uri?> AdmissionUrl { get; } = Address("--admission-url", "Address of the admission service, when it is not --url.");
        public Option<Uri?> UsageUrl { get; } = Address("--usage-url", "Address of the metering service, when it is not --url.");

        private readonly Option<PoolId?> _pool = Arguments.IdOption<PoolId>("--pool", "The pool that the inference key (--key) belongs to.");
        /// <summary>Infinite for max.</summary>
        private readonly Option<double> _speed = new("--speed")
        {
            Description = "How much faster than recorded: a number, or max for no waiting at all. Default: max.",
            HelpName = "n|max",
            DefaultValueFactory = _ => double.PositiveInfinity,
            CustomParser = ReadSpeed,
        };
        private readonly Option<int> _inFlight = Arguments.Number("--in-flight", "At a --speed, requests open at once; past them arrivals wait, and the summary says for how long.", 4096, 1, 100_000);
        private readonly Option<int> _retrySeconds = Arguments.Number("--retry-seconds", "How long a call is retried while the server is away or overloaded.", 60, 0, 86_400);
        private readonly Option<int?> _maxOutput = Positive("--max-output", "Output limit that every admission names. Default: the output the trace gives for the request, at least 1.");
        private readonly Option<int> _usageBatch = Arguments.Number("--usage-batch", "Usage events in one post, at most.", 1, 1, 1000);
        private readonly Option<int> _prefill = Arguments.Number("--prefill-tokens-per-second", "Input tokens per second of the simulated engine, for one request.", 10_000, 1, 100_000_000);
        private readonly Option<int> _decode = Arguments.Number("--decode-tokens-per-second", "Output tokens per second of the simulated engine, for one request.", 50, 1, 100_000_000);

        public void AddTo(Command command)
        {
            _pool.Required = true;
            command.Add(Files);
            Option[] options = [_pool, _speed, Limit, IdSeed, Concurrency, _inFlight, _retrySeconds, TimeoutSeconds, _maxOutput, _usageBatch, _prefill, _decode, AdmissionUrl, UsageUrl];
            foreach (var option in options) command.Add(option);
        }

        public PlayOptions ReadOptions(ParseResult parsed)
        {
            var speed = parsed.GetValue(_speed) is var given && double.IsPositiveInfinity(given) ? (double?)null : given;
            return new(
                parsed.GetRequiredValue(_pool)!.Value, speed, parsed.GetValue(speed is null ? Concurrency : _inFlight), TimeSpan.FromSeconds(parsed.GetValue(_retrySeconds)),
                parsed.GetValue(_maxOutput), parsed.GetValue(_usageBatch), parsed.GetValue(_prefill), parsed.GetValue(_decode));
        }

        private static double ReadSpeed(System.CommandLine.Parsing.ArgumentResult argument)
        {
            var text = argument.Tokens[0].Value;
            if (text == Maximum) return double.PositiveInfinity;
            if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var speed) && speed is > 0 and <= 1_000_000) return speed;
            argument.AddError($"--speed must be a number above 0, or {Maximum}; '{text}' is neither.");
            return default;
        }

        private static Option<Uri?> Address(string name, string description) =>
            new(name) { Description = description, HelpName = "address", CustomParser = Globals.ReadAddress };

        private static Option<int?> Positive(string name, string description)
        {
            var option = new Option<int?>(name) { Description = description, HelpName = "n" };
            option.Validators.Add(result =>
            {
                if (result.GetValueOrDefault<int?>() is < 1) result.AddError($"{name} must be at least 1.");
            });
            return option;
        }
    }
}
