using System.Text.Json;
using TokenLedger.Contracts.Http;
using TokenLedger.Hosting.Access;
using TokenLedger.Metering.Intake;

namespace TokenLedger.Metering;

/// <summary>Where a gateway in the same process reports usage.</summary>
public sealed class UsagePort
{
    private readonly UsageIntake _intake;

    internal UsagePort(UsageIntake intake) => _intake = intake;

    /// <summary>Records one event, as <c>POST /v1/usage</c> does.</summary>
    public async Task<UsageResult> RecordAsync(CloudEvent report, Caller caller, CancellationToken ct) =>
        (await _intake.TakeAsync([JsonSerializer.SerializeToElement(report, CloudEventJson.Default.CloudEvent)], caller, ct))[0];
}
