namespace TokenLedger.Ledger;

/// <summary>The condition on an event's type, as SQL text.</summary>
internal static class TypeCondition
{
    /// <exception cref="ArgumentException">A name has other characters than a–z, 0–9, '.' and '-': it is no wire name, and it would stand in SQL.</exception>
    public static string Of(IReadOnlyCollection<string>? types) =>
        types switch
        {
            null => "true",
            { Count: 0 } => "false",
            { Count: 1 } => $"type = {Literal(types.Single())}",
            _ => $"type in ({string.Join(", ", types.Order(StringComparer.Ordinal).Select(Literal))})",
        };

    private static string Literal(string type) =>
        type.Length > 0 && type.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '.' or '-')
            ? $"'{type}'"
            : throw new ArgumentException($"'{type}' is no wire name.", nameof(type));
}
