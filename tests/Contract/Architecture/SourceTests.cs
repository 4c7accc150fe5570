using System.Reflection;
using System.Text.RegularExpressions;
using TokenLedger.Contracts;

namespace TokenLedger.Tests.Contract;

/// <summary>Rules that the compiler does not know.</summary>
public sealed partial class SourceTests
{
    private const int MostLines = 250;

    [Fact]
    public void Keeps_files_short_enough_to_read() =>
        Assert.All(Repository.Files("*.cs"), file => Assert.True(File.ReadLines(Repository.PathOf(file)).Count() <= MostLines, $"{file} has more than {MostLines} lines: divide it."));

    /// <summary>Time is injected as a TimeProvider, so that a test can turn it and a replay can repeat it.</summary>
    [Fact]
    public void Reads_no_ambient_clock_and_waits_by_no_other() =>
        Assert.All(Repository.Files("*.cs", "core", "ledger", "hosting", "services"), file =>
        {
            foreach (var (number, line) in File.ReadLines(Repository.PathOf(file)).Index())
                Assert.False(AmbientClock().IsMatch(line) || (Waiting().IsMatch(line) && !Clock().IsMatch(line)), $"{file}:{number + 1} uses the ambient clock: {line.Trim()}");
        });

    [Theory]
    [InlineData("var now = DateTimeOffset.UtcNow;", true)]
    [InlineData("if (DateTime.Now > x)", true)]
    [InlineData("Thread.Sleep(1);", true)]
    [InlineData("await Task.Delay(pause, ct);", true)]
    [InlineData("await Task.Delay(pause, clock, ct);", false)]
    [InlineData("using var timer = new PeriodicTimer(period);", true)]
    [InlineData("using var timer = new PeriodicTimer(period, clock);", false)]
    [InlineData("using var late = new CancellationTokenSource(patience);", true)]
    [InlineData("using var late = new CancellationTokenSource(patience, _time);", false)]
    [InlineData("using var stop = new CancellationTokenSource();", false)]
    [InlineData("var now = clock.GetUtcNow();", false)]
    public void Knows_the_ambient_clock_when_it_sees_it(string line, bool ambient) =>
        Assert.Equal(ambient, AmbientClock().IsMatch(line) || (Waiting().IsMatch(line) && !Clock().IsMatch(line)));

    /// <summary>The full name of a contract names its exchange on the bus: a type that moves is another message.</summary>
    [Fact]
    public void Keeps_contracts_in_their_namespaces()
    {
        var types = typeof(ILedgerEvent).Assembly.GetExportedTypes();
        Assert.Equal(["TokenLedger.Contracts", "TokenLedger.Contracts.Http"], types.Select(type => type.Namespace).Distinct().Order(StringComparer.Ordinal));
        Assert.All(EventCatalogue.Kinds, kind => Assert.Equal("TokenLedger.Contracts." + kind.Type.Name, kind.Type.FullName));
        Assert.Equal("TokenLedger.Contracts.EventBatch`1", typeof(EventBatch<>).FullName);
        Assert.Equal("TokenLedger.Contracts.PublishedEvent`1", typeof(PublishedEvent<>).FullName);
    }

    [Fact]
    public void Keeps_no_state_in_statics_of_the_core() =>
        Assert.All(Assembly.Load("TokenLedger.Core").GetTypes().SelectMany(type => type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)),
            field => Assert.True(field.IsInitOnly || field.IsLiteral || field.Name.Contains('<', StringComparison.Ordinal), $"{field.DeclaringType}.{field.Name} is state outside the state."));

    [GeneratedRegex(@"\bDateTime(Offset)?\.(Utc)?Now\b|\bDateTime\.Today\b|\bThread\.Sleep\b|\bStopwatch\b|\bEnvironment\.TickCount")]
    private static partial Regex AmbientClock();

    [GeneratedRegex(@"\bTask\.Delay\(|\bnew PeriodicTimer\(|\bnew Timer\(|\bnew CancellationTokenSource\((?!\))|\.CancelAfter\(")]
    private static partial Regex Waiting();

    [GeneratedRegex(@"\b(_?clock|_?time|pace\.Time)\b")]
    private static partial Regex Clock();
}
