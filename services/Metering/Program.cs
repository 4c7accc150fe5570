using TokenLedger.Hosting;
using TokenLedger.Metering;

return await TokenLedgerProcess.RunAsync(args, "metering", "http://127.0.0.1:8082", builder => builder.AddMetering(), app => app.MapMetering());
