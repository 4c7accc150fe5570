using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using TokenLedger.Cli.Api;
using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;

namespace TokenLedger.Cli.Commands;

/// <summary><c>prices</c>: the price lists of models.</summary>
internal static class PricesCommand
{
    public static Command Create(Globals globals)
    {
        var model = new Option<string?>("--model") { Description = "Only this model.", HelpName = "model" };
        var command = new Command("prices", "Show what tokens cost: price lists in the order they were set.") { model, Set(globals) };
        command.SetAction(async (parsed, ct) =>
        {
            using var api = globals.Connect(parsed);
            var answer = await api.GetAsync(parsed.GetValue(model) is { } only ? $"v1/prices/{Uri.EscapeDataString(only)}" : "v1/prices", ct);
            if (parsed.GetValue(globals.Json)) await Terminal.WriteRawAsync(answer, ct);
            else Write(ApiClient.Read(answer, ApiJson.Shapes.PriceLists));
            return 0;
        });
        return command;
    }

    private static Command Set(Globals globals)
    {
        var model = new Argument<string>("model") { Description = "The model." };
        var rates = new Option<string[]>("--rate") { Description = "KIND[:CLASS]=MICROS per million tokens, such as output:spot=450000; may be repeated. Kinds: input, cached-input, output, reasoning, committed.", Required = true, AllowMultipleArgumentsPerToken = true };
        var from = Arguments.Time("--from", "Since when it holds (UTC unless it has an offset); left out, from now on.");
        var command = new Command("set", "Set a model's whole price list from a time on.") { model, rates, from };
        command.SetAction(async (parsed, ct) =>
        {
            using var api = globals.Connect(parsed);
            var body = new PutPrices([.. parsed.GetRequiredValue(rates).Select(Rate)], parsed.GetValue(from));
            var answer = await api.SendAsync(HttpMethod.Put, $"v1/prices/{Uri.EscapeDataString(parsed.GetRequiredValue(model))}", JsonSerializer.SerializeToUtf8Bytes(body, ApiJson.Shapes.PutPrices), ct);
            if (parsed.GetValue(globals.Json)) await Terminal.WriteRawAsync(answer, ct);
            else Write(new([ApiClient.Read(answer, ApiJson.Shapes.PriceListView)]));
            return 0;
        });
        return command;
    }

    /// <summary>Reads <c>output:spot=450000</c>.</summary>
    /// <exception cref="CommandFailure">It is not of that form.</exception>
    internal static RateShape Rate(string text)
    {
        if (text.Split('=') is not [var what, var amount] || !long.TryParse(amount, NumberStyles.None, CultureInfo.InvariantCulture, out var micros)) throw Wrong(text);
        return what.Split(':') switch
        {
            [var kind] => new(Word<PriceKind>(kind, text), micros),
            [var kind, var serviceClass] => new(Word<PriceKind>(kind, text), micros, Word<ServiceClass>(serviceClass, text)),
            _ => throw Wrong(text),
        };
    }

    private static T Word<T>(string word, string text) where T : struct, Enum
    {
        foreach (var value in Enum.GetValues<T>())
            if (WordConverter<T>.Word(value) == word) return value;
        throw Wrong(text);
    }

    private static CommandFailure Wrong(string text) => CommandFailure.Failed($"'{text}' is no rate such as input=300000 or output:spot=450000.");

    private static void Write(PriceLists lists)
    {
        var table = Terminal.NewTable("model", "effective from", "kind", "class", "currency", "micros per million", "position").AlignRight(5..);
        foreach (var list in lists.Prices)
            foreach (var rate in list.Rates)
                table.AddPlainRow(
                    list.Model, list.EffectiveFrom.UtcDateTime.ToString("yyyy-MM-dd HH:mm'Z'", CultureInfo.InvariantCulture), PoolTables.Word(rate.Kind), rate.ServiceClass is { } serviceClass ? PoolTables.Word(serviceClass) : "",
                    list.Currency, PoolTables.Number(rate.MicrosPerMillion), PoolTables.Number(list.LedgerPosition));
        Terminal.Results.Write(table);
    }
}
