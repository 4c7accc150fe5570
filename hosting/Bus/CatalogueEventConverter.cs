using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using TokenLedger.Contracts;

namespace TokenLedger.Hosting;

/// <summary>Writes an event on the bus with the catalogue's own serialiser, so that it is the same there as in the ledger.</summary>
internal sealed class CatalogueEventConverter : JsonConverterFactory
{
    public override bool CanConvert(Type typeToConvert) => typeToConvert is { IsClass: true } && typeof(ILedgerEvent).IsAssignableFrom(typeToConvert);

    public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) =>
        (JsonConverter)Activator.CreateInstance(typeof(Typed<>).MakeGenericType(typeToConvert))!;

    private sealed class Typed<TEvent> : JsonConverter<TEvent> where TEvent : class, ILedgerEvent
    {
        private static readonly JsonTypeInfo<TEvent> s_json = (JsonTypeInfo<TEvent>)EventCatalogue.Of(typeof(TEvent)).Json;

        public override TEvent? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => JsonSerializer.Deserialize(ref reader, s_json);

        public override void Write(Utf8JsonWriter writer, TEvent value, JsonSerializerOptions options) => JsonSerializer.Serialize(writer, value, s_json);
    }
}
