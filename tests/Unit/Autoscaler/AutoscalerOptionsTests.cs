using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Configuration;
using TokenLedger.Autoscaler;

namespace TokenLedger.Tests.Unit.Autoscaler;

/// <summary>What a pool's fleet is, as settings say it, and what makes no sense of that.</summary>
public sealed class AutoscalerOptionsTests
{
    [Theory]
    [InlineData("CapacitySource.Reports, False")]
    [InlineData("CapacitySource.Engines, False", "Targets:0=http://10.0.0.1:8000/metrics")]
    [InlineData("CapacitySource.Engines, True", "Dns=http://engines:8000/metrics", "DrainFirst=true")]
    [InlineData("CapacitySource.Reports, False", "Service=inference/llama", "CapacityFrom=Reports")]
    [InlineData("CapacitySource.Actuator, True", "Actuator=Kubernetes", "Deployment=inference/llama", "Service=inference/llama")]
    [InlineData("CapacitySource.Engines, True", "Actuator=Kubernetes", "Deployment=inference/llama", "Service=inference/llama", "CapacityFrom=Engines")]
    [InlineData("CapacitySource.Actuator, True", "Actuator=Processes", "Processes:Program=/bin/engine", "Processes:Folder=/tmp/x")]
    public void Says_who_tells_what_runs_and_whether_what_leaves_is_taken_first(string expected, params string[] settings)
    {
        var fleet = Read(settings).Pools["chat"];
        Assert.Empty(fleet.Mistakes());
        Assert.Equal(expected, $"CapacitySource.{fleet.Source}, {fleet.TakesLeavingFirst}");
    }

    [Theory]
    [InlineData("'engines:8000' is not an http address", "Targets:0=engines:8000")]
    [InlineData("'file:///etc/passwd' is not an http address", "Dns=file:///etc/passwd")]
    [InlineData("Service must be namespace/name", "Service=llama")]
    [InlineData("Service must be namespace/name", "Service=inference/../secrets")]
    [InlineData("MetricsPath must begin with /", "MetricsPath=metrics")]
    [InlineData("Deployment must be namespace/name", "Actuator=Kubernetes")]
    [InlineData("Deployment must be namespace/name", "Actuator=Kubernetes", "Deployment=inference/llama?x")]
    [InlineData("Processes.Program must be set", "Actuator=Processes", "Processes:Folder=/tmp/x")]
    [InlineData("Processes.Folder must be set", "Actuator=Processes", "Processes:Program=/bin/engine")]
    [InlineData("Processes.FirstPort and Processes.Ports must be ports from 1 to 65535", "Actuator=Processes", "Processes:Program=a", "Processes:Folder=b", "Processes:FirstPort=65500")]
    [InlineData("Processes.DrainSeconds and Processes.StopSeconds must be from 0 to 86400", "Actuator=Processes", "Processes:Program=a", "Processes:Folder=b", "Processes:StopSeconds=NaN")]
    [InlineData("CapacityFrom must not be Actuator without one", "CapacityFrom=Actuator")]
    [InlineData("CapacityFrom must not be Engines when none are watched", "CapacityFrom=Engines")]
    public void Names_the_pool_and_what_is_wrong(string mistake, params string[] settings)
    {
        var options = Read(settings);
        var problem = Assert.Single(options.Validate(new ValidationContext(options)));
        Assert.Equal(($"of 'chat': {mistake}", nameof(AutoscalerOptions.Pools)), (problem.ErrorMessage, problem.MemberNames.Single()));
    }

    private static AutoscalerOptions Read(string[] settings)
    {
        var pairs = settings.Select(setting => setting.Split('=', 2)).Append(["MetricsPath", settings.FirstOrDefault(s => s.StartsWith("MetricsPath=", StringComparison.Ordinal))?[12..] ?? "/metrics"]);
        return new ConfigurationBuilder().AddInMemoryCollection(pairs.Select(pair => KeyValuePair.Create($"Pools:chat:{pair[0]}", (string?)pair[1])).DistinctBy(pair => pair.Key)).Build().Get<AutoscalerOptions>()!;
    }
}
