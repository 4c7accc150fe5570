using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace TokenLedger.Hosting;

/// <summary>A process from start to stop. What keeps it from starting is told in a sentence, not in a stack trace.</summary>
public static class TokenLedgerProcess
{
    private const int Stopped = 0;
    private const int CannotStart = 1;
    private const int BadSettings = 2;

    /// <summary>Settings are read once; to look for changes would be to watch the whole folder, with the database in it.</summary>
    private const string NoReload = "--hostBuilder:reloadConfigOnChange=false";

    /// <summary>Builds, checks and runs a service: <paramref name="add"/> registers its parts, <paramref name="map"/> its endpoints.</summary>
    /// <returns>The process's exit code: 0 after a stop, 1 when it cannot start, 2 when a setting is wrong.</returns>
    public static Task<int> RunAsync(string[] args, string service, string defaultUrls, Action<WebApplicationBuilder> add, Action<WebApplication> map)
    {
        ArgumentNullException.ThrowIfNull(add);
        ArgumentNullException.ThrowIfNull(map);
        return RunAsync(args, service, defaultUrls, add, map, Console.Error);
    }

    internal static async Task<int> RunAsync(
        string[] args, string service, string defaultUrls, Action<WebApplicationBuilder> add, Action<WebApplication> map, TextWriter errors)
    {
        try
        {
            var builder = WebApplication.CreateBuilder([NoReload, .. args]).AddTokenLedgerHosting(service, defaultUrls);
            add(builder);
            await using var app = builder.Build();
            // Every option is bound and validated before anything uses one.
            app.Services.GetRequiredService<IStartupValidator>().Validate();
            app.MapTokenLedgerHosting();
            map(app);
            await app.Services.GetRequiredService<DatabaseStart>().ReadyAsync(CancellationToken.None);
            await app.RunAsync();
            return Stopped;
        }
        catch (Exception error) when (Sentences(error) is { Count: > 0 } sentences)
        {
            foreach (var sentence in sentences) await errors.WriteLineAsync(sentence);
            return error is StartupException or IOException ? CannotStart : BadSettings;
        }
    }

    /// <summary>What is wrong in words; nothing when it is a mistake in the program, which is better told by its stack trace.</summary>
    private static IReadOnlyList<string> Sentences(Exception error) => error switch
    {
        StartupException or IOException { InnerException: AddressInUseException } => [error.Message],
        OptionsValidationException invalid => [.. invalid.Failures],
        // The binder names the key and the text that is not of the option's type.
        InvalidOperationException { Source: "Microsoft.Extensions.Configuration.Binder" } => [error.Message],
        AggregateException several when several.InnerExceptions.All(inner => Sentences(inner).Count > 0) => [.. several.InnerExceptions.SelectMany(Sentences)],
        _ => [],
    };
}
