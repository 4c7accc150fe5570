using TokenLedger.Console;
using TokenLedger.Hosting;

return await TokenLedgerProcess.RunAsync(args, "console", "http://127.0.0.1:8086",
    builder =>
    {
        builder.Services.AddSettings<ConsoleOptions>(builder.Configuration, ConsoleOptions.Section);
        builder.Services.AddPoolsForwarding();
    },
    app =>
    {
        app.MapConsole();
        app.MapPoolsForwarding();
    });
