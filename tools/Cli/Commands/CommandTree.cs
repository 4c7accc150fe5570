using System.CommandLine;
using TokenLedger.Cli.Bench;

namespace TokenLedger.Cli.Commands;

/// <summary>All commands of <c>tokenledger</c>.</summary>
internal static class CommandTree
{
    public static RootCommand Create()
    {
        var globals = new Globals();
        var root = new RootCommand("TokenLedger: the capacity ledger for multi-tenant LLM inference, from the command line. Exit codes: 0 success, 1 failed check or run, 2 bad usage.")
        {
            PoolsCommand.Create(globals),
            UsageCommand.Create(globals),
            ReconcileCommand.Create(globals),
            PricesCommand.Create(globals),
            StatementsCommand.Create(globals),
            KeysCommand.Create(globals),
            TraceCommand.Create(globals),
            ReplayCommand.Create(globals),
            ExplainCommand.Create(globals),
            WhatIfCommand.Create(globals),
            ArchiveCommand.Create(),
            VerifyCommand.Create(globals),
            BenchCommand.Create(globals),
            ExperimentCommand.Create(globals),
            SimulateCommand.Create(globals),
        };
        foreach (var option in globals.Options) root.Add(option);
        return root;
    }
}
