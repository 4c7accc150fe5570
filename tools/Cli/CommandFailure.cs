namespace TokenLedger.Cli;

/// <summary>A command cannot go on; its message is a sentence for the person at the terminal, so no stack trace is shown.</summary>
#pragma warning disable CA1032, CA1064 // It is thrown in this program alone, and never without a code.
internal sealed class CommandFailure(string message, int exitCode) : Exception(message)
#pragma warning restore CA1032, CA1064
{
    public const int FailedCode = 1;
    public const int BadUsageCode = 2;

    public int ExitCode { get; } = exitCode;

    public static CommandFailure BadUsage(string message) => new(message, BadUsageCode);

    public static CommandFailure Failed(string message) => new(message, FailedCode);
}
