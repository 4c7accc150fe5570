using System.CommandLine;
using TokenLedger.Cli.Replay;

namespace TokenLedger.Cli.Commands;

/// <summary>Where the commands that read the whole ledger read it from.</summary>
internal sealed class SourceOptions(Globals globals)
{
    private readonly Option<string?> _postgres = new("--postgres")
    {
        Description = "Read straight from the ledger's database instead of the API; any user who may select will do.",
        HelpName = "connection",
    };

    private readonly Option<int> _pageSize = Arguments.Number("--page-size", "Events asked for in one call of the API.", 100_000, 1, 10_000_000);

    public void AddTo(Command command)
    {
        command.Add(_postgres);
        command.Add(_pageSize);
    }

    public IEventSource Open(ParseResult parsed) => parsed.GetValue(_postgres) is { } connection
        ? new PostgresEvents(connection)
        : new ApiEvents(globals.Connect(parsed), parsed.GetValue(_pageSize));
}
