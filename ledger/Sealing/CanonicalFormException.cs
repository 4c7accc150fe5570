namespace TokenLedger.Ledger.Sealing;

/// <summary>What should be an event has no canonical form: it is no JSON, repeats a key, or holds a number or time beyond all bounds.</summary>
public sealed class CanonicalFormException(string reason, Exception? inner = null) : Exception(reason, inner);
