using System.Reflection;

namespace TokenLedger.Tests.Contract;

/// <summary>The folders are the dependency diagram: who may know whom.</summary>
public sealed class DependencyTests
{
    private static readonly Dictionary<string, string[]> s_allowed = new()
    {
        ["Contracts"] = [],
        ["Client"] = ["Contracts"],
        ["Core"] = ["Contracts"],
        ["Ledger"] = ["Contracts"],
        ["Hosting"] = ["Contracts", "Ledger"],
        ["Cli"] = ["Contracts", "Core", "Ledger"],
        ["Engine"] = [],
        ["Gateway"] = ["Contracts", "Client", "Core", "Ledger", "Hosting"],
    };

    private static readonly string[] s_ofServices = ["Contracts", "Core", "Ledger", "Hosting"];

    private static readonly string[] s_services = [.. Repository.Projects.Where(project => project.IsService && project.Name != "AllInOne").Select(project => project.Name)];

    public static TheoryData<string> Products => [.. Repository.Projects.Where(project => !project.Name.Contains("Tests", StringComparison.Ordinal) && project.Name != "Benchmarks").Select(project => project.Name)];

    public static TheoryData<string> Assemblies => [.. s_ofServices, .. s_services, "Client", "AllInOne"];

    /// <summary>A service never refers to another; only AllInOne refers to all.</summary>
    [Theory, MemberData(nameof(Products))]
    public void Refers_only_to_projects_below_it(string name) =>
        Assert.Empty(Repository.Projects.Single(project => project.Name == name).References.Except(Below(name)));

    /// <summary>References reach through other projects, so what is really used is asked of the assembly. The tools are not here: no product refers to them.</summary>
    [Theory, MemberData(nameof(Assemblies))]
    public void Uses_only_assemblies_below_it(string name) =>
        Assert.Empty(Used(name).Where(used => used.StartsWith("TokenLedger.", StringComparison.Ordinal)).Select(used => used["TokenLedger.".Length..]).Except(Below(name)));

    [Fact]
    public void Puts_every_service_into_AllInOne() =>
        Assert.Empty(s_services.Except(Repository.Projects.Single(project => project.Name == "AllInOne").References));

    /// <summary>Another bus than MassTransit would change hosting and nothing else.</summary>
    [Fact]
    public void Keeps_MassTransit_inside_hosting()
    {
        Assert.Contains("MassTransit", Used("Hosting"));
        Assert.All(s_services.Concat(["AllInOne", "Contracts", "Core", "Ledger"]), name => Assert.DoesNotContain(Used(name), used => used.StartsWith("MassTransit", StringComparison.Ordinal)));
    }

    [Fact]
    public void Keeps_the_database_and_the_web_out_of_contracts_the_client_and_core() =>
        Assert.All(["Contracts", "Client", "Core"], name => Assert.DoesNotContain(Used(name), used => used is "Npgsql" || used.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal)));

    private static string[] Below(string name) => s_allowed.TryGetValue(name, out var allowed) ? allowed : name == "AllInOne" ? [.. s_ofServices, .. s_services, "Client", "Engine"] : s_ofServices;

    private static string[] Used(string name) => [.. Assembly.Load("TokenLedger." + name).GetReferencedAssemblies().Select(reference => reference.Name!)];
}
