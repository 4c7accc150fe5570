using Npgsql;

namespace TokenLedger.Ledger.Sealing;

internal static class CommandValues
{
    /// <summary>Gives a command its parameters in their order: $1, $2 …</summary>
    public static NpgsqlCommand With(this NpgsqlCommand command, params ReadOnlySpan<object> values)
    {
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        return command;
    }
}
