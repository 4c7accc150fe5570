using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using TokenLedger.Admission;
using TokenLedger.Autoscaler;
using TokenLedger.Fairness;
using TokenLedger.Hosting;
using TokenLedger.Ledger;
using TokenLedger.Metering;

namespace TokenLedger.Benchmarks.Http;

/// <summary>What the product is compared with over HTTP, each in a process of its own as the product is: this program again, told to serve.</summary>
internal static class Targets
{
    public const string Command = "serve";
    public const string Empty = "empty";
    public const string NoAppend = "no-append";

    public static async Task<int> ServeAsync(string[] args)
    {
        switch (args)
        {
            case [Command, Empty, var url]:
                await ServeEmptyAsync(url);
                return 0;
            case [Command, NoAppend]:
                return await ServeNoAppendAsync();
            default:
                throw new ArgumentException("Not understood: " + string.Join(' ', args));
        }
    }

    /// <summary>The least that answers JSON on this web server.</summary>
    private static async Task ServeEmptyAsync(string url)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        await using var app = builder.Build();
        foreach (var path in (string[])["/v1/admissions", "/v1/usage"]) app.MapPost(path, () => TypedResults.Ok(new Answer("ok")));
        app.MapGet("/readyz", () => TypedResults.Ok(new Answer("ok")));
        await app.RunAsync(url);
    }

    /// <summary>The product with everything but the disk: the ledger in memory, the database there for the schema alone.</summary>
    private static Task<int> ServeNoAppendAsync() => TokenLedgerProcess.RunAsync([], "bench", "http://127.0.0.1:0",
        builder =>
        {
            builder.AddAdmission();
            builder.AddMetering();
            builder.AddFairness();
            builder.AddAutoscaler();
            builder.Services.Replace(ServiceDescriptor.Singleton<ILedger, MemoryLedger>());
        },
        app =>
        {
            app.MapAdmission();
            app.MapMetering();
        });

    private sealed record Answer(string Status);
}
