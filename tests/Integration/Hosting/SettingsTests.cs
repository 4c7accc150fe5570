using System.Globalization;
using Microsoft.Extensions.Configuration;
using TokenLedger.Hosting;

namespace TokenLedger.Tests.Integration.Hosting;

public sealed class SettingsTests
{
    private const string Postgres = "--TokenLedger:Postgres:ConnectionString=Host=127.0.0.1;Port=1;Username=u;Database=d";

    [Theory]
    [InlineData("Bus:Prefetch=0", "TokenLedger:Bus:Prefetch must be from 1 to 1000, not 0.")]
    [InlineData("Bus:Prefetch=many", "Failed to convert configuration value 'many' at 'TokenLedger:Bus:Prefetch' to type 'System.Int32'.")]
    [InlineData("Bus:RabbitMq=http://a-secret@host", "TokenLedger:Bus:RabbitMq " + RabbitMqAddress.Rule + ".")]
    [InlineData("Health:StallSeconds=-3", "TokenLedger:Health:StallSeconds must be from 1 to 3600, not -3.")]
    [InlineData("Followers:CatchUpInterval=1.00:00:00", "TokenLedger:Followers:CatchUpInterval must be from 00:00:00.010 to 00:05:00, not 1.00:00:00.")]
    [InlineData("Http:MaxBodyBytes=1", "TokenLedger:Http:MaxBodyBytes must be from 1024 to 1073741824, not 1.")]
    public async Task A_bad_value_stops_the_process_with_a_sentence_that_names_it(string setting, string sentence)
    {
        var (exitCode, text) = await RunAsync(Postgres, $"--TokenLedger:{setting}");
        Assert.Equal((2, sentence), (exitCode, text));
    }

    [Fact]
    public async Task A_missing_or_broken_connection_string_is_named_but_not_shown()
    {
        var (missing, sentence) = await RunAsync();
        Assert.Equal(2, missing);
        Assert.StartsWith("TokenLedger:Postgres:ConnectionString must be set", sentence, StringComparison.Ordinal);
        var (broken, other) = await RunAsync("--TOKENLEDGER_POSTGRES=Passwd a-secret");
        Assert.Equal(2, broken);
        Assert.StartsWith("TokenLedger:Postgres:ConnectionString is not", other, StringComparison.Ordinal);
        Assert.DoesNotContain("a-secret", other, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_that_does_not_answer_in_time_stops_the_process_with_a_sentence()
    {
        var (exitCode, text) = await RunAsync(Postgres, "--TokenLedger:Postgres:StartTimeout=00:00:00.200");
        Assert.Equal(1, exitCode);
        Assert.StartsWith("The database could not be used within 0 s: ", text, StringComparison.Ordinal);
        Assert.DoesNotContain(" at ", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_short_form_fills_in_what_its_full_name_leaves_open()
    {
        var configuration = new ConfigurationManager();
        configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["TOKENLEDGER_POSTGRES"] = "short",
            ["TOKENLEDGER_RABBITMQ"] = "short",
            ["TokenLedger:Bus:RabbitMq"] = "full",
        });
        Settings.ExpandShortForms(configuration);
        Assert.Equal(("short", "full"), (configuration["TokenLedger:Postgres:ConnectionString"], configuration["TokenLedger:Bus:RabbitMq"]));
    }

    [Theory]
    [InlineData("amqp://host", "host", 5672, "/", "guest", "guest", false)]
    [InlineData("amqp://u%40x:p%3A%2F@host:1234/a%2Fb", "host", 1234, "a/b", "u@x", "p:/", false)]
    [InlineData("amqps://u:p@host/%2F", "host", 5671, "/", "u", "p", true)]
    [InlineData("amqp://u@[::1]:5673/v", "::1", 5673, "v", "u", "", false)]
    public void A_brokers_address_is_taken_apart(string text, string host, int port, string virtualHost, string user, string password, bool tls)
    {
        Assert.True(RabbitMqAddress.TryParse(text, out var address));
        Assert.Equal(new(host, (ushort)port, virtualHost, user, password, tls), address);
        Assert.DoesNotContain(password.Length == 0 ? "no password" : password, address.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("host:5672")]
    [InlineData("http://host")]
    [InlineData("amqp://host/a/b")]
    [InlineData("amqp:///vhost")]
    public void What_is_no_brokers_address_is_refused(string text) => Assert.False(RabbitMqAddress.TryParse(text, out _));

    private static async Task<(int ExitCode, string Text)> RunAsync(params string[] args)
    {
        using var errors = new StringWriter(CultureInfo.InvariantCulture);
        var exitCode = await TokenLedgerProcess.RunAsync(args, "test", "http://127.0.0.1:0", _ => { }, _ => { }, errors);
        return (exitCode, errors.ToString().TrimEnd());
    }
}
