using TokenLedger.Admission;
using TokenLedger.Hosting;

return await TokenLedgerProcess.RunAsync(args, "admission", "http://127.0.0.1:8081", builder => builder.AddAdmission(), app => app.MapAdmission());
