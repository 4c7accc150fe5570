using TokenLedger.Cli.Traces;

namespace TokenLedger.Cli.Experiments;

/// <summary>How a forecast does on a trace when it learns at each moment only from requests that have completed by then, and is scored on none that it has seen.</summary>
internal sealed class WalkForward
{
    public const double WindowSeconds = 600;

    /// <summary>A share of fewer requests than this says nothing to the percent.</summary>
    public const int LeastInWindow = 200;

    /// <summary>The engine's speed: ten replicas of 1,280 tokens/s and 13 slots each read a prompt at the whole rate, and an answer comes at one slot's share of it.</summary>
    private const double PrefillPerSecond = 12_800;
    private const double DecodePerSecond = 1_280.0 / 13;

    private readonly List<Window> _windows = [];
    private double _absolute;
    private double _squared;
    private long _count;

    public double MeanAbsoluteError => _absolute / _count;

    public double RootMeanSquareError => Math.Sqrt(_squared / _count);

    /// <summary>Output tokens reserved and not used.</summary>
    public long Unused { get; private set; }

    public IReadOnlyList<Window> Windows => _windows;

    /// <summary>Shares of requests within their reservation, of the windows with enough of them.</summary>
    public IEnumerable<double> Coverages => _windows.Where(window => window.Requests >= LeastInWindow).Select(window => window.Coverage);

    public static double ServiceSeconds(TraceRow row) => row.InputTokens / PrefillPerSecond + row.OutputTokens / DecodePerSecond;

    public static WalkForward Play(IReadOnlyList<TraceRow> rows, Forecast forecast)
    {
        var result = new WalkForward();
        var running = new PriorityQueue<(TraceRow Row, long Reserved), (double At, int Order)>();
        var start = rows[0].Arrival;
        foreach (var (order, row) in rows.Index())
        {
            var now = (row.Arrival - start).TotalSeconds;
            while (running.TryPeek(out var ended, out var at) && at.At <= now)
            {
                running.Dequeue();
                forecast.Learn(ended.Row, ended.Reserved);
            }
            var reserved = forecast.Reserves(row);
            result.Score((int)(now / WindowSeconds), row, forecast.Typical(row), reserved);
            running.Enqueue((row, reserved), (now + ServiceSeconds(row), order));
        }
        return result;
    }

    private void Score(int window, TraceRow row, double typical, long reserved)
    {
        while (_windows.Count <= window) _windows.Add(new());
        var error = Math.Abs(typical - row.OutputTokens);
        _windows[window].Add(error, row.OutputTokens <= reserved);
        (_absolute, _squared, _count) = (_absolute + error, _squared + error * error, _count + 1);
        Unused += Math.Max(0, reserved - row.OutputTokens);
    }

    /// <summary>Ten minutes of a trace.</summary>
    internal sealed class Window
    {
        private int _within;
        private double _errors;

        public int Requests { get; private set; }

        public double Coverage => 100.0 * _within / Requests;

        public double MeanAbsoluteError => _errors / Requests;

        public void Add(double error, bool within) => (Requests, _errors, _within) = (Requests + 1, _errors + error, _within + (within ? 1 : 0));
    }
}
