using System.ComponentModel.DataAnnotations;

namespace TokenLedger.Hosting;

/// <summary>Where and what a process listens to. Section <c>TokenLedger:Http</c>.</summary>
public sealed class HttpOptions
{
    public const string Section = "TokenLedger:Http";

    /// <summary>Addresses to listen on, separated by semicolons; absent = the service's own port on the loopback address.</summary>
    public string? Urls { get; set; }

    /// <summary>Bytes that a request's body may have.</summary>
    [Range(1_024, 1_073_741_824)] public long MaxBodyBytes { get; set; } = 1_048_576;
}
