using TokenLedger.Contracts;

namespace TokenLedger.Hosting.Access;

/// <summary>Who holds a key: an operator with roles, perhaps bound to one tenant, or a gateway speaking for one entitlement.</summary>
public abstract record Caller(KeyId Key);

/// <param name="Tenant">A finance key bound to a tenant sees only that.</param>
public sealed record OperatorCaller(KeyId Key, string Name, IReadOnlyList<Role> Roles, TenantId? Tenant) : Caller(Key)
{
    public bool Has(Role role) => Roles.Contains(Role.Operator) || Roles.Contains(role);
}

public sealed record InferenceCaller(KeyId Key, PoolId Pool, EntitlementId Entitlement) : Caller(Key);

/// <summary>Names of the authorization policies: one per role, and one for inference keys.</summary>
public static class Policies
{
    public const string Operator = "operator";
    public const string Finance = "finance";
    public const string Auditor = "auditor";
    public const string Autoscaler = "autoscaler";
    public const string Inference = "inference";

    /// <summary>An inference key, or an operator key with the gateway role.</summary>
    public const string Gateway = "gateway";

    /// <summary>Any operator key.</summary>
    public const string AnyOperator = "any-operator";
}
