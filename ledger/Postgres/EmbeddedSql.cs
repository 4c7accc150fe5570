using System.Reflection;

namespace TokenLedger.Ledger;

/// <summary>SQL statements that are files in the source and resources in the assembly.</summary>
public static class EmbeddedSql
{
    /// <exception cref="InvalidOperationException">The assembly has no such resource.</exception>
    public static string Load(Assembly assembly, string resource)
    {
        ArgumentNullException.ThrowIfNull(assembly);
        using var stream = assembly.GetManifestResourceStream(resource) ?? throw new InvalidOperationException($"The assembly lacks {resource}.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
