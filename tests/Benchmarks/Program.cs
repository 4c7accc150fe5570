using TokenLedger.Benchmarks;
using TokenLedger.Benchmarks.Http;
using TokenLedger.Hosting.Postgres;

if (args is [Targets.Command, ..]) return await Targets.ServeAsync(args);

using var stop = new CancellationTokenSource();
System.Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    stop.Cancel();
};
var options = BenchOptions.Read(args);
if (options.UntilInputEnds)
    _ = Task.Run(async () =>
    {
        while (await System.Console.In.ReadLineAsync() is not null) { }
        await stop.CancelAsync();
    });
try
{
    await Figures.RunAsync(options, stop.Token);
    return 0;
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    return 1;
}
catch (Exception e) when (e is BenchException or PrivatePostgresException)
{
    Results.Say(e.Message);
    return 1;
}
