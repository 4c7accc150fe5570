using TokenLedger.Cli.Simulation;
using TokenLedger.Contracts;
using TokenLedger.Core.Scaling;

namespace TokenLedger.Cli.Experiments;

/// <summary>
/// Prefill and decode on replicas of their own, while conversation turns into coding. A fluid model in steps of a second: input tokens queue before the prefill replicas, output tokens before the decode
/// replicas, each side serves its replicas' rate; a request's first token comes after both queues as they stand when it asks, and its own input. The core decides every 5 s from the ledger alone.
/// </summary>
internal sealed class SidesRun
{
    public const double Seconds = 1_800;
    public const string FollowsMix = "ours", KeepsRatio = "ratio-kept", Static = "static-peak";
    private const long PrefillRate = 4_000;
    private const long DecodeRate = 400;
    private const double RequestsPerSecond = 8;
    private const double StartUpSeconds = 60;
    private const double TargetSeconds = 2;
    private static readonly PoolId s_pool = new("sides");
    private readonly ScalingState _state = new(s_pool);
    private readonly Side _prefill = new(PrefillRate, StartUpSeconds, 1);
    private readonly Side _decode = new(DecodeRate, StartUpSeconds, 7);
    private readonly Random _random;
    private readonly string _policy;
    private long _position;
    private int _requests;
    private int _inTime;
    private double _paid;

    private SidesRun(string policy, int seed)
    {
        (_policy, _random) = (policy, new(seed));
        // The total is bounded by the sides alone: neither sequences nor KV cache nor tokens of a replica are what binds.
        var settings = new PoolSettings("sides", 8, new(1_000_000, 1L << 40, 1_000_000), 1, 256, 10, 300, 1_000,
            new(2, 40, 0.8, new(StartUpSeconds: (int)StartUpSeconds), Sides: new(1, 7, PrefillRate, DecodeRate, policy == FollowsMix)));
        Record(new PoolOpened(s_pool, settings), 0);
        Record(new EntitlementGranted(s_pool, new("e"), new(new("e"), ServiceClass.Elastic, 2_000, default, null, null)), 0);
    }

    /// <summary>Replicas of each side at each second, what each side would have to serve, and the requests whose first token came in time.</summary>
    public List<(double At, int Prefill, int Decode, double PrefillLoad, double DecodeLoad)> Samples { get; } = [];
    public double Attainment => 100.0 * _inTime / _requests;
    public double GpuHours => _paid / 3_600;
    public int Changes { get; private set; }

    public static SidesRun Play(string policy, int seed)
    {
        var run = new SidesRun(policy, seed);
        if (policy == Static) run.Follow(0, new(4, 7));
        for (var second = 0; second < Seconds; second++) run.Step(second);
        return run;
    }

    private void Step(int second)
    {
        var coding = Math.Clamp((second - 600) / 300.0, 0, 1);
        var (input, output) = (0L, 0L);
        for (var at = Gap(); at < 1; at += Gap())
        {
            var isCoding = _random.NextDouble() < coding;
            var (prompt, answer) = isCoding ? (_random.NextInt64(1_024, 2_049), _random.NextInt64(32, 97)) : (_random.NextInt64(128, 385), _random.NextInt64(128, 385));
            Ask(prompt, answer, second + at);
            (input, output) = (input + prompt, output + answer);
        }
        _prefill.Serve(second);
        _decode.Serve(second);
        _paid += _prefill.Paid + _decode.Paid;
        Samples.Add((second, _prefill.Ready, _decode.Ready, (double)input / PrefillRate, (double)output / DecodeRate));
        if (second % 5 == 4 && _policy != Static) Decide(second + 1);
    }

    private double Gap() => -Math.Log(1 - _random.NextDouble()) / RequestsPerSecond;

    private void Ask(long input, long output, double at)
    {
        _requests++;
        var request = new RequestId(new Guid(_requests, 0, 0, new byte[8]));
        Record(new RequestAdmitted(s_pool, request, new("e"), new("e"), input, output, null, output, new(input + output, input + output, 1), 1, Time(at).AddMinutes(5)), at);
        if (_prefill.Wait + (double)input / PrefillRate + _decode.Wait <= TargetSeconds) _inTime++;
        _prefill.Queue(input);
        _decode.Queue(output);
    }

    private void Decide(double at)
    {
        if (ScalingDecisions.Decide(_state, new(_prefill.Ready + _decode.Ready), Time(at)) is { } decided) Record(decided, at);
        if (_state.Last?.Decided.Sides is { } sides) Follow(at, sides);
    }

    private void Follow(double at, DesiredSides sides)
    {
        if (_prefill.Follow(sides.Prefill, at) | _decode.Follow(sides.Decode, at)) Changes++;
    }

    private void Record(ILedgerEvent data, double at) => _state.Evolve(new(++_position, "", _position, Guid.Empty, EventCatalogue.Of(data.GetType()).WireName, Time(at), data));

    private static DateTimeOffset Time(double second) => VirtualClock.Epoch.AddMicroseconds(Math.Round(second * 1e6));

    /// <summary>The replicas of one side and the tokens that wait for them.</summary>
    private sealed class Side(long rate, double startUpSeconds, int ready)
    {
        private readonly List<double> _starting = [];
        private double _queue;

        public int Ready { get; private set; } = ready;
        public int Paid => Ready + _starting.Count;
        public double Wait => _queue / (Math.Max(1, Ready) * (double)rate);

        public void Queue(long tokens) => _queue += tokens;

        public void Serve(double second)
        {
            Ready += _starting.RemoveAll(at => at <= second);
            _queue = Math.Max(0, _queue - Ready * (double)rate);
        }

        public bool Follow(int desired, double second)
        {
            if (desired == Paid) return false;
            while (Paid < desired) _starting.Add(second + startUpSeconds);
            while (Paid > desired && _starting.Count > 0) _starting.RemoveAt(_starting.Count - 1);
            Ready = Math.Min(Ready, desired);
            return true;
        }
    }
}
