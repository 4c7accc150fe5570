namespace TokenLedger.Autoscaler;

/// <summary>What runs a pool's replicas and where its engines are asked how they are.</summary>
public sealed class FleetOptions
{
    /// <summary>Addresses of engines' metrics, such as <c>http://10.0.0.7:8000/metrics</c>.</summary>
    public List<string> Targets { get; } = [];

    /// <summary>An address whose host name stands for all engines: each of its addresses is asked, such as of a headless service.</summary>
    public string? Dns { get; set; }

    /// <summary>A Kubernetes service, <c>namespace/name</c>, whose endpoints are the engines.</summary>
    public string? Service { get; set; }

    /// <summary>Name or number of the service's port; absent = its first.</summary>
    public string? ServicePort { get; set; }

    /// <summary>Path of the metrics of those engines.</summary>
    public string MetricsPath { get; set; } = "/metrics";

    /// <summary>Who changes the number of replicas.</summary>
    public ActuatorKind Actuator { get; set; }

    /// <summary>Who says what really runs; absent = the actuator if there is one, else the engines if any are watched, else reports.</summary>
    public CapacitySource? CapacityFrom { get; set; }

    /// <summary>
    /// What is no longer desired is taken from the capacity before it is stopped; absent = true where there is an actuator. Set it where KEDA or an HPA follows the advice, and only there: for a
    /// fleet that nobody scales down the capacity would be too small.
    /// </summary>
    public bool? DrainFirst { get; set; }

    /// <summary>The Kubernetes deployment to scale, <c>namespace/name</c>.</summary>
    public string? Deployment { get; set; }

    /// <summary>The processes to start and stop.</summary>
    public ProcessFleetOptions Processes { get; } = new();

    internal bool HasTargets => Targets.Count > 0 || Dns is not null || Service is not null;

    internal CapacitySource Source => CapacityFrom ?? (Actuator != ActuatorKind.None ? CapacitySource.Actuator : HasTargets ? CapacitySource.Engines : CapacitySource.Reports);

    internal bool TakesLeavingFirst => DrainFirst ?? Actuator != ActuatorKind.None;

    internal IEnumerable<string> Mistakes()
    {
        foreach (var target in Targets.Append(Dns).OfType<string>())
            if (!Uri.TryCreate(target, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https")) yield return $"'{target}' is not an http address";
        if (Service is not null && !IsNamespaced(Service)) yield return "Service must be namespace/name";
        if (!MetricsPath.StartsWith('/')) yield return "MetricsPath must begin with /";
        if (Actuator == ActuatorKind.Kubernetes && !IsNamespaced(Deployment)) yield return "Deployment must be namespace/name";
        if (Actuator == ActuatorKind.Processes)
            foreach (var mistake in Processes.Mistakes()) yield return mistake;
        if (Source == CapacitySource.Actuator && Actuator == ActuatorKind.None) yield return "CapacityFrom must not be Actuator without one";
        if (Source == CapacitySource.Engines && !HasTargets && Actuator != ActuatorKind.Processes) yield return "CapacityFrom must not be Engines when none are watched";
    }

    /// <summary>Two names of Kubernetes, which go into addresses as they are.</summary>
    private static bool IsNamespaced(string? text) =>
        text?.Split('/') is [var space, var name] && ((string[])[space, name]).All(part => part.Length is > 0 and <= 253 && part.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '.'));
}

/// <summary>Engines as processes of this machine, on loopback ports.</summary>
public sealed class ProcessFleetOptions
{
    /// <summary>The program to start; it is given <c>--port</c> and a number.</summary>
    public string Program { get; set; } = "";

    /// <summary>What else it is given.</summary>
    public List<string> Arguments { get; } = [];

    /// <summary>The first of the ports that the processes listen on.</summary>
    public int FirstPort { get; set; } = 9_100;

    /// <summary>Ports from there on that may be used.</summary>
    public int Ports { get; set; } = 64;

    /// <summary>Folder that remembers which processes run, for a start after a crash, and holds their logs.</summary>
    public string Folder { get; set; } = "";

    /// <summary>What a process answers when it serves.</summary>
    public string HealthPath { get; set; } = "/health";

    /// <summary>How long a leaving process may go on with what it runs before it is told to stop.</summary>
    public double DrainSeconds { get; set; } = 300;

    /// <summary>How long a process that was told to stop may take.</summary>
    public double StopSeconds { get; set; } = 30;

    internal IEnumerable<string> Mistakes()
    {
        if (Program.Length == 0) yield return "Processes.Program must be set";
        if (Folder.Length == 0) yield return "Processes.Folder must be set";
        if (FirstPort is < 1 or > 65_535 || Ports is < 1 or > 10_000 || FirstPort + Ports > 65_536) yield return "Processes.FirstPort and Processes.Ports must be ports from 1 to 65535";
        if (DrainSeconds is not (>= 0 and <= 86_400) || StopSeconds is not (>= 0 and <= 86_400)) yield return "Processes.DrainSeconds and Processes.StopSeconds must be from 0 to 86400";
    }
}

/// <summary>Who changes the number of replicas.</summary>
public enum ActuatorKind
{
    /// <summary>Nobody here: the decision is advice.</summary>
    None,

    /// <summary>The scale subresource of a deployment.</summary>
    Kubernetes,

    /// <summary>Processes of this machine.</summary>
    Processes,
}

/// <summary>Who says what really runs. There is one for each pool, so that they cannot contradict each other.</summary>
public enum CapacitySource
{
    /// <summary>Whoever calls <c>PUT /v1/pools/{pool}/capacity</c>.</summary>
    Reports,

    /// <summary>The engines that answer.</summary>
    Engines,

    /// <summary>The actuator: ready replicas of the deployment, or processes that serve.</summary>
    Actuator,
}
