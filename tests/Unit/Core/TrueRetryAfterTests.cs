using TokenLedger.Contracts;
using static TokenLedger.Tests.Unit.Core.Story;

namespace TokenLedger.Tests.Unit.Core;

/// <summary>Whoever comes back when it was told to is admitted, at constant load from capacity to half as much again, in at least four cases of five, and nobody is told less than a second.</summary>
public sealed class TrueRetryAfterTests
{
    private const double MeanHold = 8;
    private const int Slots = 20;
    private static readonly QueueBounds s_kept = new(KeepPromises: true);

    /// <summary>Closed: clients that ask again as soon as they are done. Open: clients that come at random, whatever becomes of the others. Each request holds its sequence for eight seconds in the mean.</summary>
    [Theory]
    [InlineData("closed", "constant")]
    [InlineData("closed", "uniform")]
    [InlineData("closed", "exponential")]
    [InlineData("open", "constant")]
    [InlineData("open", "uniform")]
    [InlineData("open", "exponential")]
    public void Of_a_pool_short_of_sequences(string clients, string hold) =>
        Check(clients, hold, Configure(tokens: 1_000_000, sequences: Slots, queue: s_kept), _ => 10);

    [Theory]
    [InlineData("closed", "constant")]
    [InlineData("closed", "uniform")]
    [InlineData("open", "constant")]
    [InlineData("open", "uniform")]
    public void Of_a_pool_short_of_kv_bytes(string clients, string hold) =>
        Check(clients, hold, Configure(tokens: 1_000_000, kv: 100 * Slots, sequences: 1_000, queue: s_kept), random => random.Next(50, 151));

    [Fact]
    public void Of_a_pool_short_of_tokens() =>
        Check("open", "exponential", Configure(tokens: (long)(100 * Slots / MeanHold), kv: 1_000_000, sequences: 1_000, queue: s_kept), random => random.Next(50, 151));

    /// <summary>Where promises are not kept, room waits for nobody.</summary>
    [Fact]
    public void Lets_nothing_lie_idle_unless_promises_are_kept()
    {
        var all = new ReturningClients(seed: 7, Configure(tokens: 1_000_000, sequences: Slots), Grant("e", ServiceClass.Elastic)) { Hold = HoldOf("uniform"), Tokens = _ => 10 };
        all.Open(1.5 * Slots / MeanHold, "e");
        all.Run(seconds: 400);
        var found = $"{all.ShareAdmitted:P1} of {all.Returns} returns admitted, {all.MeanHeld:0.0} held, told {all.ShortestWaitMs} ms at the least";
        TestContext.Current.SendDiagnosticMessage(found);
        Assert.True(all.MeanHeld > 0.97 * Slots && all.ShortestWaitMs >= 1_000, found);
    }

    private static void Check(string clients, string hold, TokenLedger.Core.Pools.ConfigurePool pool, Func<Random, long> tokens)
    {
        foreach (var load in (double[])[1.0, 1.25, 1.5])
        {
            if (clients == "closed" && load == 1) continue; // Then nobody is refused.
            var all = new ReturningClients(seed: 7, pool, Grant("e", ServiceClass.Elastic)) { Hold = HoldOf(hold), Tokens = tokens };
            if (clients == "closed") all.Closed((int)(Slots * load), "e");
            else all.Open(load * Slots / MeanHold, "e");
            all.Run(seconds: 400);
            var found = $"{clients} {hold} {load}: {all.ShareAdmitted:P1} of {all.Returns} returns admitted, {all.MeanHeld:0.0} held, told {all.ShortestWaitMs} ms at the least";
            TestContext.Current.SendDiagnosticMessage(found);
            Assert.True(all.Returns > 100 && all.ShareAdmitted >= 0.8 && all.ShortestWaitMs >= 1_000, found);
            // Room that is kept for those who were told is not wasted.
            Assert.True(hold == "exponential" || tokens(new(1)) != 10 || all.MeanHeld > 0.75 * Slots, found);
        }
    }

    private static Func<Random, double> HoldOf(string hold) => hold switch
    {
        "constant" => _ => MeanHold,
        "uniform" => random => MeanHold * (0.5 + random.NextDouble()),
        _ => random => MeanHold * ReturningClients.Exponential(random),
    };
}
