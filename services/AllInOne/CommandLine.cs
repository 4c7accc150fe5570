namespace TokenLedger.AllInOne;

/// <summary>What may be said when starting.</summary>
internal sealed record CommandLine(bool Demo)
{
    public const string Help = """
        Starts TokenLedger on this machine: all services in one process.

          --demo     add a demo pool on two simulated inference servers, and an inference key (written to demo.key in the home)
          --help     this text

        Environment:
          TOKENLEDGER_URLS           address to listen on (default http://127.0.0.1:8080)
          TOKENLEDGER_HOME           state folder: private PostgreSQL, keys, logs (default .tokenledger)
          TOKENLEDGER_POSTGRES       connection string of a PostgreSQL server, instead of a private one
          TOKENLEDGER_RABBITMQ       amqp URI of a RabbitMQ broker, instead of the bus in memory
          TOKENLEDGER_OPERATOR_KEY   the first operator key, instead of a new one in operator.key
        Two instances with different homes and addresses run side by side. Ctrl-C stops.
        """;

    /// <returns>Null when something is not understood.</returns>
    public static CommandLine? Parse(IReadOnlyList<string> args) => args switch
    {
        [] => new(Demo: false),
        ["--demo"] => new(Demo: true),
        _ => null,
    };
}
