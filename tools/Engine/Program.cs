using System.Net;
using TokenLedger.Engine;

if (args.Contains("--help"))
{
    Console.Out.WriteLine(EngineOptions.Help);
    return 0;
}
var builder = WebApplication.CreateSlimBuilder(args);
if (EngineOptions.Read(builder.Configuration, out var options) is { } wrong)
{
    Console.Error.WriteLine($"engine: {wrong}");
    return 2;
}
builder.Logging.SetMinimumLevel(LogLevel.Warning);
builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, options.Port));
builder.Services.AddEngine(options);
var app = builder.Build();
app.MapEngine();
Console.Error.WriteLine($"Simulated engine for {options.Model} on http://127.0.0.1:{options.Port}");
await app.RunAsync();
return 0;
