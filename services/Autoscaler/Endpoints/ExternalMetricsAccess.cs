using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Options;
using TokenLedger.Autoscaler.Actuators;
using TokenLedger.Contracts;

namespace TokenLedger.Autoscaler.Endpoints;

/// <summary>
/// Who may read the external metrics: an operator key as everywhere, and the cluster's aggregation layer, which has no key to send but shows the client certificate that its authority signed.
/// </summary>
internal static class ExternalMetricsAccess
{
    public const string Policy = "external-metrics";

    public static void Add(IServiceCollection services) => services.AddAuthorizationBuilder().AddPolicy(Policy, policy => policy.RequireAssertion(context =>
        context.User.IsInRole(nameof(Role.Operator)) || context.User.IsInRole(nameof(Role.Autoscaler)) || context.Resource is HttpContext http && IsAggregator(http)));

    /// <summary>A certificate is asked for, and none is needed: the other addresses want keys. One that the authority did not sign ends the connection.</summary>
    public static void AskForCertificates(KestrelServerOptions kestrel, ExternalMetricsOptions options)
    {
        if (options.ClientCaFile is not { } authority) return;
        kestrel.ConfigureHttpsDefaults(https =>
        {
            https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
            https.ClientCertificateValidation = (certificate, _, _) => Authority.Signed(certificate, authority);
        });
    }

    private static bool IsAggregator(HttpContext http) =>
        http.RequestServices.GetRequiredService<IOptions<AutoscalerOptions>>().Value.ExternalMetrics is { ClientCaFile: not null } options
        && http.Connection.ClientCertificate is { } certificate && certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false) == options.ClientName;
}
