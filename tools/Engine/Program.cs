using TokenLedger.Engine;

if (args.Contains("--help"))
{
    Console.Out.WriteLine(EngineOptions.Help);
    return 0;
}
if (EngineOptions.Read(new ConfigurationBuilder().AddCommandLine(args).Build(), out var options) is { } wrong)
{
    Console.Error.WriteLine($"engine: {wrong}");
    return 2;
}
await using var engine = await SimulatedEngine.StartAsync(options);
Console.Error.WriteLine($"Simulated engine for {options.Model} on {engine.Address.ToString().TrimEnd('/')}");
await engine.WaitForStopAsync();
return 0;
