using TokenLedger.Gateway;
using TokenLedger.Hosting;

return await TokenLedgerProcess.RunAsync(args, "gateway", "http://127.0.0.1:8085", builder => builder.AddGateway(), app => app.MapGateway());
