using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Npgsql;
using TokenLedger.Contracts;
using TokenLedger.Ledger;

namespace TokenLedger.Hosting.Access;

/// <summary>Settings of keys.</summary>
public sealed class AccessOptions
{
    public const string Section = "TokenLedger:Access";

    /// <summary>The first operator key, known without being in the ledger. Short form: TOKENLEDGER_OPERATOR_KEY.</summary>
    [StringLength(256, MinimumLength = 16, ErrorMessage = "must have 16 to 256 characters")]
    public string? OperatorKey { get; set; }
}

public static class AccessRegistration
{
    /// <summary>Authentication by hashed keys, and a policy for each role.</summary>
    public static IServiceCollection AddTokenLedgerAccess(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSettings<AccessOptions>(configuration, AccessOptions.Section);
        services.AddSchema((provider, ct) => SchemaMigrator.UpgradeAsync(
            provider.GetRequiredService<NpgsqlDataSource>(), "directory", typeof(LedgerDirectory).Assembly, "TokenLedger.Hosting.Access.Schema.", ct));
        services.AddSingleton(provider => NewDirectory(provider.GetRequiredService<IOptions<AccessOptions>>().Value));
        services.AddSingleton<DirectoryFollower>();
        services.AddHostedService(provider => provider.GetRequiredService<DirectoryFollower>());
        services.AddAuthentication(KeyAuthentication.Scheme_).AddScheme<AuthenticationSchemeOptions, KeyAuthentication>(KeyAuthentication.Scheme_, null);
        services.AddAuthorizationBuilder()
            .AddPolicy(Policies.Operator, p => p.RequireRole(nameof(Role.Operator)))
            .AddPolicy(Policies.Finance, p => p.RequireRole(nameof(Role.Operator), nameof(Role.Finance)))
            .AddPolicy(Policies.Auditor, p => p.RequireRole(nameof(Role.Operator), nameof(Role.Auditor)))
            .AddPolicy(Policies.Autoscaler, p => p.RequireRole(nameof(Role.Operator), nameof(Role.Autoscaler)))
            .AddPolicy(Policies.Gateway, p => p.RequireRole(Policies.Inference, nameof(Role.Operator), nameof(Role.Gateway)))
            .AddPolicy(Policies.Inference, p => p.RequireRole(Policies.Inference))
            // A key bound to a tenant may see that tenant's consumption and nothing that shows others.
            .AddPolicy(Policies.AnyOperator, p => p.RequireRole(Enum.GetNames<Role>()).RequireAssertion(context => !context.User.HasClaim(claim => claim.Type == KeyAuthentication.TenantClaim)));
        return services;
    }

    private static LedgerDirectory NewDirectory(AccessOptions options)
    {
        var directory = new LedgerDirectory();
        if (options.OperatorKey is { } key)
            directory.Add(ApiKeys.Hash(key), new OperatorCaller(new KeyId("configured"), "configured", [Role.Operator], Tenant: null));
        return directory;
    }
}
