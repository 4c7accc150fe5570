using System.Text.RegularExpressions;

namespace TokenLedger.Tests.Contract;

/// <summary>docker-compose.yml cannot run where the tests run, so what it says is compared with what is there.</summary>
public sealed partial class ComposeTests
{
    private static readonly ComposeFile s_compose = new();

    public static TheoryData<string> Services => [.. s_compose.Services.Select(service => service.Name)];

    [Fact]
    public void Has_every_service_of_the_product_on_its_own_address()
    {
        var addresses = s_compose.Services.Where(service => service.Project is not null).Select(service => $"{service.Project} {service.Environment["TOKENLEDGER_URLS"]} {service.Ports.Single()}");
        Assert.Equal(
            [
                "Admission http://0.0.0.0:8081 127.0.0.1:8081:8081", "Metering http://0.0.0.0:8082 127.0.0.1:8082:8082", "Fairness http://0.0.0.0:8083 127.0.0.1:8083:8083",
                "Autoscaler http://0.0.0.0:8084 127.0.0.1:8084:8084", "Gateway http://0.0.0.0:8085 127.0.0.1:8085:8085", "Console http://0.0.0.0:8086 127.0.0.1:8086:8086",
            ], addresses);
    }

    [Theory, MemberData(nameof(Services))]
    public void Builds_from_files_that_exist_or_names_a_version(string name)
    {
        var service = Service(name);
        Assert.NotEqual(service.HasImage, service.Build is not null);
        if (service.HasImage)
            Assert.Matches(@":v?\d", (string)service.Node["image"]!);
        else
            Assert.True(File.Exists(service.Dockerfile), service.Dockerfile);
        if (service.Project is { } project)
            Assert.True(File.Exists(Path.Combine(s_compose.Root, "services", project, $"TokenLedger.{project}.csproj")), project);
    }

    [Theory, MemberData(nameof(Services))]
    public void Checks_the_health_of_every_service(string name) => Assert.True(Service(name).HasHealthCheck);

    [Theory, MemberData(nameof(Services))]
    public void Waits_for_the_health_of_services_that_exist(string name)
    {
        foreach (var (dependency, condition) in Service(name).Dependencies)
        {
            Assert.Contains(s_compose.Services, service => service.Name == dependency);
            Assert.Equal("service_healthy", condition);
        }
        if (Service(name).Project is not null)
            Assert.Equal(["otel-collector", "postgres", "rabbitmq"], Service(name).Dependencies.Select(dependency => dependency.Key).Order());
    }

    [Theory, MemberData(nameof(Services))]
    public void Mounts_files_that_exist_and_volumes_that_are_declared(string name)
    {
        foreach (var source in Service(name).Mounts.Select(mount => mount.Split(':')[0]))
            if (source.StartsWith('.'))
                Assert.True(File.Exists(Path.Combine(s_compose.Root, source)), source);
            else
                Assert.Contains(source, s_compose.Volumes);
        // One default network; a name would have to be declared.
        Assert.Empty(Service(name).Networks);
    }

    [Theory, MemberData(nameof(Services))]
    public void Is_reachable_from_this_machine_only(string name) =>
        Assert.All(Service(name).Ports, port => Assert.StartsWith("127.0.0.1:", port, StringComparison.Ordinal));

    [Theory, MemberData(nameof(Services))]
    public void Takes_every_secret_from_a_variable_that_must_be_set(string name)
    {
        foreach (var (variable, value) in Service(name).Environment)
        {
            if (SecretName().IsMatch(variable))
                Assert.Matches(@"^\$\{[A-Z_]+:\?[^}]+\}$", value);
            foreach (Match secret in SecretInValue().Matches(value))
                Assert.StartsWith("${", secret.Groups["secret"].Value, StringComparison.Ordinal);
            Assert.DoesNotMatch(@"\$\{[A-Z_]+(:?-[^}]*)?\}", value);
        }
    }

    [Fact]
    public void Points_Prometheus_at_services_and_ports_that_exist()
    {
        var targets = Target().Matches(File.ReadAllText(Path.Combine(s_compose.Root, "infra/prometheus/prometheus.yml"))).Select(match => match.Value);
        var offered = s_compose.Services.Where(service => service.Project is not null).Select(service => $"{service.Name}:{service.Ports.Single().Split(':')[^1]}");
        Assert.Equal(offered, targets);
    }

    private static ComposeService Service(string name) => s_compose.Services.Single(service => service.Name == name);

    [GeneratedRegex("PASS|SECRET|KEY|TOKEN$")]
    private static partial Regex SecretName();

    [GeneratedRegex(@"(?i)(password|pwd)=(?<secret>[^;]*)|://[^:/@]*:(?<secret>[^@/]*)@")]
    private static partial Regex SecretInValue();

    [GeneratedRegex(@"[a-z]+:808\d")]
    private static partial Regex Target();
}
