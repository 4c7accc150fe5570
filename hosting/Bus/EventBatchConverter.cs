using System.Text.Json;
using System.Text.Json.Serialization;
using TokenLedger.Contracts;

namespace TokenLedger.Hosting;

/// <summary>
/// Batches on the bus, member by member in the order of <see cref="EventBatch{TEvent}"/>: a general serialiser would box eight fields of each of a million events.
/// The event in them is written by the catalogue's own serialiser, so that it is the same there as in the ledger.
/// </summary>
internal sealed class EventBatchConverter : JsonConverterFactory
{
    public override bool CanConvert(Type typeToConvert) => typeToConvert.IsGenericType && typeToConvert.GetGenericTypeDefinition() == typeof(EventBatch<>);

    public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) =>
        (JsonConverter)Activator.CreateInstance(typeof(Typed<>).MakeGenericType(typeToConvert.GetGenericArguments()))!;

    /// <summary>Reads a batch whose type is known only at run time.</summary>
    internal interface IReader
    {
        object Read(ref Utf8JsonReader reader, JsonSerializerOptions options);
    }

    private sealed class Typed<TEvent> : JsonConverter<EventBatch<TEvent>>, IReader where TEvent : class, ILedgerEvent
    {
        // Its converter is called by itself: the serialiser would look for the end of each event before it reads it.
        private static readonly JsonSerializerOptions s_options = EventCatalogue.Of(typeof(TEvent)).Json.Options;
        private static readonly JsonConverter<TEvent> s_json = (JsonConverter<TEvent>)s_options.GetConverter(typeof(TEvent));

        object IReader.Read(ref Utf8JsonReader reader, JsonSerializerOptions options) => Read(ref reader, typeof(EventBatch<TEvent>), options);

        public override void Write(Utf8JsonWriter writer, EventBatch<TEvent> value, JsonSerializerOptions options)
        {
            writer.WriteStartObject();
            if (value.Previous is { } previous) writer.WriteNumber("previous"u8, previous);
            writer.WriteNumber("through"u8, value.Through);
            writer.WriteStartArray("events"u8);
            foreach (var e in value.Events) Write(writer, e);
            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        public override EventBatch<TEvent> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            var (previous, through) = ((long?)null, (long?)null);
            List<PublishedEvent<TEvent>>? events = null;
            while (NextMember(ref reader))
            {
                if (reader.ValueTextEquals("previous"u8)) previous = Value(ref reader).TokenType == JsonTokenType.Null ? null : reader.GetInt64();
                else if (reader.ValueTextEquals("through"u8)) through = Value(ref reader).GetInt64();
                else if (reader.ValueTextEquals("events"u8)) events = ReadEvents(ref reader);
                else reader.Skip();
            }
            return through is { } end && events is not null ? new(previous, end, events) : throw new JsonException("A batch has an end and events.");
        }

        private static void Write(Utf8JsonWriter writer, PublishedEvent<TEvent> e)
        {
            writer.WriteStartObject();
            writer.WriteNumber("position"u8, e.Position);
            writer.WriteString("stream"u8, e.Stream);
            writer.WriteNumber("version"u8, e.Version);
            writer.WriteString("id"u8, e.Id);
            writer.WriteString("timestamp"u8, e.Timestamp.UtcDateTime);
            writer.WritePropertyName("data"u8);
            s_json.Write(writer, e.Data, s_options);
            if (e.CorrelationId is not null) writer.WriteString("correlationId"u8, e.CorrelationId);
            if (e.CausationId is not null) writer.WriteString("causationId"u8, e.CausationId);
            writer.WriteEndObject();
        }

        private static List<PublishedEvent<TEvent>> ReadEvents(ref Utf8JsonReader reader)
        {
            if (Value(ref reader).TokenType != JsonTokenType.StartArray) throw new JsonException("The events of a batch are a list.");
            var events = new List<PublishedEvent<TEvent>>();
            // Most events of a batch are of one stream: they share its name.
            for (var stream = ""; reader.Read() && reader.TokenType != JsonTokenType.EndArray;) events.Add(ReadEvent(ref reader, ref stream));
            return events;
        }

        private static PublishedEvent<TEvent> ReadEvent(ref Utf8JsonReader reader, ref string stream)
        {
            var (position, version, id, timestamp) = (0L, 0L, Guid.Empty, default(DateTimeOffset));
            TEvent? data = null;
            string? correlation = null, causation = null;
            while (NextMember(ref reader))
            {
                if (reader.ValueTextEquals("position"u8)) position = Value(ref reader).GetInt64();
                else if (reader.ValueTextEquals("stream"u8)) stream = Value(ref reader).ValueTextEquals(stream) ? stream : reader.GetString()!;
                else if (reader.ValueTextEquals("version"u8)) version = Value(ref reader).GetInt64();
                else if (reader.ValueTextEquals("id"u8)) id = Value(ref reader).GetGuid();
                else if (reader.ValueTextEquals("timestamp"u8)) timestamp = Value(ref reader).GetDateTimeOffset();
                else if (reader.ValueTextEquals("data"u8)) data = s_json.Read(ref Value(ref reader), typeof(TEvent), s_options);
                else if (reader.ValueTextEquals("correlationId"u8)) correlation = Value(ref reader).GetString();
                else if (reader.ValueTextEquals("causationId"u8)) causation = Value(ref reader).GetString();
                else reader.Skip();
            }
            return position > 0 && stream.Length > 0 && data is not null ? new(position, stream, version, id, timestamp, data, correlation, causation) : throw new JsonException("An event has a position, a stream and data.");
        }

        /// <summary>Stands on the next member's name; false at the end of the object.</summary>
        private static bool NextMember(ref Utf8JsonReader reader) => reader.Read() && reader.TokenType == JsonTokenType.PropertyName;

        private static ref Utf8JsonReader Value(ref Utf8JsonReader reader)
        {
            reader.Read();
            return ref reader;
        }
    }
}
