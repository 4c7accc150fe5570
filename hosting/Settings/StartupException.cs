namespace TokenLedger.Hosting;

/// <summary>Why the process cannot start, in one sentence that a reader without the source understands.</summary>
public sealed class StartupException(string sentence, Exception? inner = null) : Exception(sentence, inner);
