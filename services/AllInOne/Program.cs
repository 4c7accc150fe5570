using TokenLedger.AllInOne;

return await LocalInstance.RunAsync(args, AllModules.Add, AllModules.Map);
