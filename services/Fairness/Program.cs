using TokenLedger.Fairness;
using TokenLedger.Hosting;

return await TokenLedgerProcess.RunAsync(args, "fairness", "http://127.0.0.1:8083", builder => builder.AddFairness(), app => app.MapFairness());
