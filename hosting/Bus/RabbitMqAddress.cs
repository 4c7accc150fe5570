using System.Diagnostics.CodeAnalysis;

namespace TokenLedger.Hosting;

/// <summary>A broker's address, taken apart as the AMQP URI specification says.</summary>
internal sealed record RabbitMqAddress(string Host, ushort Port, string VirtualHost, string User, string Password, bool Tls)
{
    // The text itself is never shown: it carries a password.
    public const string Rule = "must be an AMQP address such as amqp://user:password@host:5672/virtual-host, with special characters percent-encoded";

    private const int PlainPort = 5672;
    private const int TlsPort = 5671;

    public static bool TryParse(string? text, [NotNullWhen(true)] out RabbitMqAddress? address)
    {
        address = null;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("amqp" or "amqps") || uri.Host.Length == 0) return false;
        // A slash inside a virtual host's name must be written %2F; one that stands bare is a mistake in the address.
        var path = uri.AbsolutePath.TrimStart('/');
        if (path.Contains('/', StringComparison.Ordinal)) return false;
        var tls = uri.Scheme == "amqps";
        var (user, password) = Credentials(uri.UserInfo);
        var port = uri.Port > 0 ? uri.Port : tls ? TlsPort : PlainPort;
        address = new(uri.DnsSafeHost, checked((ushort)port), path.Length == 0 ? "/" : Uri.UnescapeDataString(path), user, password, tls);
        return true;
    }

    public override string ToString() => $"{Host}:{Port}";

    private static (string User, string Password) Credentials(string info)
    {
        if (info.Length == 0) return ("guest", "guest");
        var colon = info.IndexOf(':', StringComparison.Ordinal);
        return colon < 0
            ? (Uri.UnescapeDataString(info), "")
            : (Uri.UnescapeDataString(info[..colon]), Uri.UnescapeDataString(info[(colon + 1)..]));
    }
}
