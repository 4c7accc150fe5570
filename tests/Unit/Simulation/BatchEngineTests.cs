using TokenLedger.Cli.Simulation;

namespace TokenLedger.Tests.Unit.Simulation;

/// <summary>Continuous batching, by hand: 16 slots and 240 tokens a second, so 15 tokens a second for a sequence that decodes.</summary>
public sealed class BatchEngineTests
{
    private const double Precision = 1e-4;
    private readonly VirtualClock _clock = new();
    private readonly List<(string What, double At, int Request)> _told = [];
    private readonly BatchEngine _engine;
    private int _count;

    public BatchEngineTests()
    {
        _engine = new(_clock, sequence => Tell("first token", sequence), sequence => Tell("end", sequence));
        _engine.Resize(16, 240);
    }

    [Fact]
    public void Prefills_at_the_whole_rate_and_decodes_at_a_slots_share()
    {
        Send(64, 64);
        _clock.RunUntil(10);
        Assert.Equal([("first token", 64 / 240.0), ("end", 64 / 240.0 + 64 / 15.0)], _told.Select(told => (told.What, told.At)), Near);
    }

    /// <summary>Sixteen slots, each always taken anew: 128 tokens at a sixteenth of 240 tokens a second.</summary>
    [Fact]
    public void Takes_8_53_seconds_a_request_when_all_slots_are_taken()
    {
        for (var slot = 0; slot < 16; slot++) _clock.At(slot * 8.0 / 15, Again);
        _clock.RunUntil(120);
        var ends = _told.Where(told => told.What == "end").ToList();
        Assert.All(ends.Where(told => told.At > 60), end => Assert.Equal(128 / 15.0, end.At - _told.Last(told => told.What == "sent" && told.Request == end.Request).At, 0.3));
        Assert.Equal(240 / 128.0, ends.Count(end => end.At > 60) / 60.0, 0.05);

        void Again()
        {
            var request = Send(64, 64);
            Tell("sent", request.Sequence!);
            _ends[request.Sequence!] = Again;
        }
    }

    [Fact]
    public void Lets_one_prefill_after_the_other_while_decoding_pauses()
    {
        Send(120, 15);
        _clock.At(1, () => Send(240, 15));
        _clock.RunUntil(10);
        // The first has made 7.5 of its 15 tokens when the second's prefill stops it for a second.
        Assert.Equal([("first token", 0.5), ("first token", 2), ("end", 2.5), ("end", 3)], _told.Select(told => (told.What, told.At)), Near);
    }

    [Fact]
    public void Keeps_what_has_no_slot_waiting_in_order()
    {
        _engine.Resize(1, 240);
        Send(24, 24);
        Send(24, 24);
        Send(24, 24);
        Assert.Equal((1, 2), (_engine.Running, _engine.Waiting));
        _clock.RunUntil(10);
        var ends = _told.Where(told => told.What == "end").ToList();
        Assert.Equal([1, 2, 3], ends.Select(end => end.Request));
        Assert.Equal([0.2, 0.4, 0.6], ends.Select(end => end.At), (a, b) => Math.Abs(a - b) < Precision);
    }

    [Fact]
    public void Sends_the_newest_back_to_the_head_of_the_queue_when_slots_are_lost()
    {
        foreach (var _ in Enumerable.Range(0, 16)) Send(15, 60);
        Send(15, 60);
        _clock.RunUntil(3);
        _engine.Resize(8, 120);
        Assert.Equal((8, 9), (_engine.Running, _engine.Waiting));
        _clock.RunUntil(60);
        var ends = _told.Where(told => told.What == "end").Select(told => told.Request).ToList();
        Assert.Equal(Enumerable.Range(1, 17), ends.Order());
        Assert.Equal(17, ends[^1]);
        Assert.Equal(17, _told.Count(told => told.What == "first token"));
        // Eight sequences had each read 15 tokens and made (3 − 1) s × 15 tokens/s, which must be read again.
        Assert.Equal(8 * (15 + 30), _engine.WastedTokens, Precision * 100);
    }

    [Fact]
    public void Stands_still_without_slots_and_goes_on_when_they_return()
    {
        Send(24, 30);
        _clock.RunUntil(1.1);
        _engine.Resize(0, 0);
        _clock.RunUntil(50);
        Assert.Equal(["first token"], _told.Select(told => told.What));
        _engine.Resize(16, 240);
        _clock.RunUntil(60);
        // 24 + 15 tokens are read again, then the other 15 are made.
        Assert.Equal(50 + 39 / 240.0 + 1, _told[^1].At, Precision);
    }

    [Fact]
    public void Gives_the_slot_of_a_stopped_sequence_to_the_next()
    {
        _engine.Resize(1, 240);
        var stopped = Send(24, 240);
        Send(24, 24);
        _clock.RunUntil(0.5);
        _engine.Abort(stopped.Sequence!);
        Assert.Equal((1, 0), (_engine.Running, _engine.Waiting));
        Assert.Equal(24 + 0.4 * 240, _engine.Served(stopped.Sequence!), Precision * 100);
        _clock.RunUntil(1);
        Assert.Equal(("end", 2), (_told[^1].What, _told[^1].Request));
    }

    private readonly Dictionary<Sequence, Action> _ends = [];

    private static bool Near((string What, double At) a, (string What, double At) b) => a.What == b.What && Math.Abs(a.At - b.At) < Precision;

    private SimulatedRequest Send(long input, long output)
    {
        var request = new SimulatedRequest(new(new Guid(++_count, 0, 0, new byte[8])), 0, input, output, output, _clock.Seconds);
        _engine.Add(request.Sequence = new(request));
        return request;
    }

    private void Tell(string what, Sequence sequence)
    {
        _told.Add((what, _clock.Seconds, BitConverter.ToInt32(sequence.Request.Id.Value.ToByteArray())));
        if (what == "end" && _ends.TryGetValue(sequence, out var again)) again();
    }
}
