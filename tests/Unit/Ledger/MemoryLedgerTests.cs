using TokenLedger.Ledger;

namespace TokenLedger.Tests;

public sealed class MemoryLedgerTests : LedgerContract
{
    protected override Task<ILedger> EmptyAsync() => Task.FromResult<ILedger>(new MemoryLedger());
}

public sealed class MemoryLedgerReadingTests : LedgerReadingContract
{
    protected override Task<ILedger> EmptyAsync() => Task.FromResult<ILedger>(new MemoryLedger());
}
