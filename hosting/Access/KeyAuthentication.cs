using System.Runtime.CompilerServices;
using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using TokenLedger.Contracts;
using TokenLedger.Hosting.Problems;

namespace TokenLedger.Hosting.Access;

/// <summary>Authenticates <c>Authorization: Bearer</c> keys, or such as come in <c>x-api-key</c>, against the directory and answers failures as problems.</summary>
internal sealed class KeyAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder, DirectoryFollower directory)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    public const string Scheme_ = "Key";
    public const string TenantClaim = "tenant";
    private const string Prefix = "Bearer ";
    private const int LongestKey = 256;

    // What a caller is does not change: its result is made once, and forgotten with it.
    private static readonly ConditionalWeakTable<Caller, Task<AuthenticateResult>> s_known = [];

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var header = Request.Headers.Authorization.ToString();
        if (header.Length == 0 && Request.Headers["x-api-key"].ToString() is { Length: > 0 } own) header = Prefix + own;
        if (header.Length == 0) return Task.FromResult(AuthenticateResult.NoResult());
        if (!header.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) || header.Length > Prefix.Length + LongestKey)
            return Task.FromResult(AuthenticateResult.Fail("The Authorization header is not 'Bearer <key>'."));
        var found = directory.FindCallerAsync(ApiKeys.Hash(header.AsSpan(Prefix.Length).Trim()), Context.RequestAborted);
        return found.IsCompletedSuccessfully ? Result(found.Result) : ResultAsync(found);
    }

    private async Task<AuthenticateResult> ResultAsync(ValueTask<Caller?> found) => await Result(await found);

    private Task<AuthenticateResult> Result(Caller? caller)
    {
        if (caller is null) return Task.FromResult(AuthenticateResult.Fail("This key is not known, or not any more."));
        Context.Features.Set(caller);
        return s_known.GetValue(caller, Success);
    }

    private static Task<AuthenticateResult> Success(Caller caller) =>
        Task.FromResult(AuthenticateResult.Success(new(new ClaimsPrincipal(new ClaimsIdentity(Claims(caller), Scheme_)), Scheme_)));

    private static Claim OfRole(Role role) => new(ClaimTypes.Role, role.ToString());

    private static IEnumerable<Claim> Claims(Caller caller) => caller switch
    {
        OperatorCaller { Roles: var roles, Tenant: { } tenant } => [.. roles.Select(OfRole), new Claim(TenantClaim, tenant.Value)],
        OperatorCaller { Roles: var roles } => roles.Select(OfRole),
        _ => [new Claim(ClaimTypes.Role, Policies.Inference)],
    };

    protected override async Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        var result = await HandleAuthenticateOnceSafeAsync();
        Response.Headers.WWWAuthenticate = "Bearer";
        await Problem.Of(StatusCodes.Status401Unauthorized, "key-unknown", "No valid key",
            result.Failure?.Message ?? "Send 'Authorization: Bearer <key>'.").ExecuteAsync(Context);
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) =>
        Problem.Of(StatusCodes.Status403Forbidden, "role-missing", "This key may not do that",
            Context.Features.Get<Caller>() is OperatorCaller { Tenant: { } tenant } ? $"It is bound to tenant '{tenant}', and this call shows others too."
            : Context.Features.Get<Caller>() is OperatorCaller { Roles: var roles }
                ? $"It carries the roles {string.Join(", ", roles.Select(r => WordConverter<Role>.Word(r)))}, and none of them allows this call."
                : "It is an inference key; this call needs an operator key.").ExecuteAsync(Context);
}

/// <summary>The caller of a request.</summary>
public static class CallerAccess
{
    /// <exception cref="InvalidOperationException">The endpoint does not require a key.</exception>
    public static Caller GetCaller(this HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.Features.Get<Caller>() ?? throw new InvalidOperationException("This endpoint asked for the caller without requiring a key.");
    }

    public static InferenceCaller GetInferenceCaller(this HttpContext context) => (InferenceCaller)context.GetCaller();

    /// <summary>The tenant a caller is bound to; null when it may see all.</summary>
    public static TenantId? BoundTenant(this Caller caller) => (caller as OperatorCaller)?.Tenant;
}
