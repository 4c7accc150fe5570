using TokenLedger.Autoscaler;
using TokenLedger.Hosting;

return await TokenLedgerProcess.RunAsync(args, "autoscaler", "http://127.0.0.1:8084", builder => builder.AddAutoscaler(), app => app.MapAutoscaler());
