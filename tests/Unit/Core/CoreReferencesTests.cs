using System.Reflection;
using TokenLedger.Core.Pools;

namespace TokenLedger.Tests.Unit.Core;

/// <summary>What makes a replay possible: the core is a function of its arguments, so it never waits and knows nothing but the contracts.</summary>
public sealed class CoreReferencesTests
{
    private static readonly Assembly s_core = typeof(PoolDecisions).Assembly;

    [Fact]
    public void The_core_knows_only_the_contracts_and_the_runtime() =>
        Assert.Equal(["TokenLedger.Contracts"], s_core.GetReferencedAssemblies().Select(name => name.Name!).Where(name => !name.StartsWith("System.", StringComparison.Ordinal)));

    [Fact]
    public void No_method_of_the_core_is_asynchronous()
    {
        const BindingFlags all = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;
        var methods = s_core.GetTypes().SelectMany(type => type.GetMethods(all)).ToList();
        Assert.NotEmpty(methods);
        Assert.DoesNotContain(methods, method => typeof(Task).IsAssignableFrom(method.ReturnType) || method.ReturnType.Name.StartsWith("ValueTask", StringComparison.Ordinal) || method.ReturnType.Name.StartsWith("IAsync", StringComparison.Ordinal));
    }
}
