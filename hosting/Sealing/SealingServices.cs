using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using TokenLedger.Contracts.Http;
using TokenLedger.Hosting.Access;
using TokenLedger.Ledger.Sealing;

namespace TokenLedger.Hosting;

/// <summary>The seal of the ledger: who keeps it, and where an auditor finds it.</summary>
public static class SealingServices
{
    public static IServiceCollection AddSealing(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSettings<SealingOptions>(configuration, SealingOptions.Section);
        services.AddSingleton<SealedTree>();
        services.AddSingleton<CheckpointStore>();
        return services.AddHostedService<SealingLoop>();
    }

    public static void MapSealing(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/v1/ledger").WithTags("Ledger").RequireAuthorization(Policies.Auditor);
        group.MapGet("/checkpoint", CheckpointEndpoints.LastAsync).WithSummary("The newest signed checkpoint: as a signed note or, by Accept, as JSON.")
            .Produces<CheckpointView>(contentType: "application/json", additionalContentTypes: ["text/plain"]).ProducesProblem(StatusCodes.Status404NotFound);
        group.MapGet("/checkpoints", CheckpointEndpoints.ListAsync).WithSummary("Signed checkpoints, the smallest first.")
            .Produces<CheckpointList>().ProducesProblem(StatusCodes.Status400BadRequest);
        group.MapGet("/proofs/{position}", ProofEndpoints.InclusionAsync).WithSummary("The proof that an event is in the ledger that a checkpoint signs.")
            .Produces<InclusionProof>().ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status404NotFound);
        group.MapGet("/consistency", ProofEndpoints.ConsistencyAsync).WithSummary("The proof that the ledger at one size begins with the ledger at another.")
            .Produces<ConsistencyProof>().ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status404NotFound);
        group.MapGet("/tiles/{level}/{index}", ProofEndpoints.TilesAsync).WithSummary("Hashes of the tree, 256 to a tile: level 0 those of the events.")
            .Produces<byte[]>(contentType: "application/octet-stream").ProducesProblem(StatusCodes.Status400BadRequest);
        // The key is there to be known: whoever is handed a proof checks it with this.
        group.MapGet("/key", CheckpointEndpoints.KeysAsync).AllowAnonymous().WithSummary("The public keys that checkpoints are signed with, the newest first.").Produces<LedgerKeyList>();
    }
}
