using System.CommandLine;
using System.CommandLine.Parsing;
using TokenLedger.Cli.Api;

namespace TokenLedger.Cli.Commands;

/// <summary>The options that every command has, and what follows from them.</summary>
internal sealed class Globals
{
    private const string DefaultAddress = "http://127.0.0.1:8080";
    private const int Connections = 4;
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(100);

    private readonly Option<Uri?> _url = new("--url")
    {
        Description = $"Address of the API. Default: $TOKENLEDGER_URL, else {DefaultAddress}.",
        CustomParser = ReadAddress,
        HelpName = "address",
        Recursive = true,
    };

    private readonly Option<string?> _key = new("--key")
    {
        Description = "Key to authenticate with. Default: $TOKENLEDGER_KEY, else for operator commands the nearest .tokenledger/operator.key upwards.",
        HelpName = "key",
        Recursive = true,
    };

    public Option<bool> Json { get; } = new("--json") { Description = "Print JSON for machines.", Recursive = true };

    public IEnumerable<Option> Options => [_url, _key, Json];

    public Uri Address(ParseResult command) => command.GetValue(_url) ?? ParseAddress(Variable("TOKENLEDGER_URL") ?? DefaultAddress)
        ?? throw CommandFailure.BadUsage("TOKENLEDGER_URL is not an http or https address.");

    /// <summary>A client of the API with the operator's key.</summary>
    public ApiClient Connect(ParseResult command)
    {
        var key = NamedKey(command) ?? OperatorKey.Find(Variable("TOKENLEDGER_HOME"), new DirectoryInfo(Environment.CurrentDirectory))
            ?? throw CommandFailure.BadUsage("No key: pass --key, set TOKENLEDGER_KEY, or run in a folder under the one that holds .tokenledger/operator.key.");
        return new ApiClient(Api.Connections.Open(Address(command), key, Connections, s_timeout));
    }

    /// <summary>The key that was named for this command; an inference key is never guessed from a file.</summary>
    public string RequireKey(ParseResult command) =>
        NamedKey(command) ?? throw CommandFailure.BadUsage("No inference key: pass --key or set TOKENLEDGER_KEY.");

    /// <summary>Reads an address; relative paths of the API are resolved against it, hence the slash at its end.</summary>
    public static Uri? ReadAddress(ArgumentResult argument)
    {
        var address = ParseAddress(argument.Tokens[0].Value);
        if (address is null) argument.AddError($"'{argument.Tokens[0].Value}' is not an http or https address.");
        return address;
    }

    private string? NamedKey(ParseResult command) => command.GetValue(_key) is { Length: > 0 } key ? key : Variable("TOKENLEDGER_KEY");

    private static Uri? ParseAddress(string text) =>
        Uri.TryCreate(text.EndsWith('/') ? text : text + "/", UriKind.Absolute, out var address) && address.Scheme is "http" or "https" ? address : null;

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
