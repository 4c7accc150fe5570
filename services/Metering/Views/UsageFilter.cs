using Microsoft.AspNetCore.Mvc;
using TokenLedger.Contracts;
using TokenLedger.Hosting.Access;
using TokenLedger.Hosting.Problems;

namespace TokenLedger.Metering.Views;

/// <summary>Which consumption a query is about; what is left out is not filtered by.</summary>
internal sealed record UsageFilter(
    [FromQuery] TenantId? Tenant, [FromQuery] PoolId? Pool, [FromQuery] EntitlementId? Entitlement, [FromQuery] string? Model,
    [FromQuery] DateTimeOffset? From, [FromQuery] DateTimeOffset? To, [FromQuery] string? Format, [FromQuery] long? AtLeast)
{
    /// <summary>The filter as this caller may use it: a key bound to a tenant sees that tenant.</summary>
    /// <returns>Null when it asks for another tenant.</returns>
    public UsageFilter? For(Caller caller) => caller.BoundTenant() switch
    {
        null => this,
        { } own when Tenant is null || Tenant == own => this with { Tenant = own },
        _ => null,
    };

    public void Check(Fields fields)
    {
        fields.Require(Format is null or "json" or "csv", "format", "must be json or csv");
        fields.Require(From is null || To is null || From < To, "to", "must be after from");
        fields.Require(Model is null || (Model.Length <= 200 && !Model.Any(char.IsControl)), "model", "must have at most 200 characters and no control characters");
        fields.Require(AtLeast is null or >= 0, "atLeast", "must not be negative");
    }

    public bool WantsCsv => Format == "csv";

    /// <summary>True when the hourly totals can answer exactly.</summary>
    public bool IsWholeHours => IsWhole(From, TimeSpan.TicksPerHour) && IsWhole(To, TimeSpan.TicksPerHour);

    /// <summary>True when the daily totals can, too.</summary>
    public bool IsWholeDays => IsWhole(From, TimeSpan.TicksPerDay) && IsWhole(To, TimeSpan.TicksPerDay);

    private static bool IsWhole(DateTimeOffset? time, long ticks) => time is null || time.Value.UtcTicks % ticks == 0;
}
