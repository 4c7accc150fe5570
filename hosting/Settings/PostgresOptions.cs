using System.ComponentModel.DataAnnotations;
using Npgsql;

namespace TokenLedger.Hosting;

/// <summary>The database that holds the ledger. Section <c>TokenLedger:Postgres</c>.</summary>
public sealed class PostgresOptions : IValidatableObject
{
    public const string Section = "TokenLedger:Postgres";

    /// <summary>Connection string; <c>TOKENLEDGER_POSTGRES</c> for short.</summary>
    public string ConnectionString { get; set; } = "";

    /// <summary>How long the process waits at its start for a database that is starting too.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")] public TimeSpan StartTimeout { get; set; } = TimeSpan.FromSeconds(60);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (ConnectionString.Length == 0)
            yield return new("must be set, by its own name or as TOKENLEDGER_POSTGRES, for instance to Host=127.0.0.1;Database=tokenledger;Username=tokenledger", [nameof(ConnectionString)]);
        else if (!IsConnectionString(ConnectionString))
            yield return new("is not a connection string such as Host=127.0.0.1;Database=tokenledger;Username=tokenledger", [nameof(ConnectionString)]);
    }

    private static bool IsConnectionString(string text)
    {
        try
        {
            return new NpgsqlConnectionStringBuilder(text).Host is { Length: > 0 };
        }
        catch (Exception error) when (error is ArgumentException or FormatException)
        {
            return false;
        }
    }
}
