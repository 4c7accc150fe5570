using System.Text.Json;
using System.Text.Json.Serialization;
using MassTransit;
using MassTransit.Serialization;
using TokenLedger.Contracts;

namespace TokenLedger.Hosting;

/// <summary>
/// Reads MassTransit's envelope with the batch in it, which stands behind its type there, in one pass:
/// the general way makes a document of the whole message first, and the batch out of that.
/// </summary>
internal sealed class BatchEnvelopeConverter : JsonConverter<MessageEnvelope>
{
    private static readonly Dictionary<string, Type> s_batches = EventCatalogue.Kinds
        .Select(kind => typeof(EventBatch<>).MakeGenericType(kind.Type))
        .ToDictionary(MessageUrn.ForTypeString);

    public override MessageEnvelope Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var envelope = new JsonMessageEnvelope();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString();
            reader.Read();
            switch (name)
            {
                case "messageId": envelope.MessageId = reader.GetString(); break;
                case "conversationId": envelope.ConversationId = reader.GetString(); break;
                case "sourceAddress": envelope.SourceAddress = reader.GetString(); break;
                case "destinationAddress": envelope.DestinationAddress = reader.GetString(); break;
                case "messageType": envelope.MessageType = JsonSerializer.Deserialize<string[]>(ref reader, options) ?? []; break;
                case "message": envelope.Message = ReadMessage(ref reader, envelope.MessageType, options); break;
                case "headers": envelope.Headers = JsonSerializer.Deserialize<Dictionary<string, object?>>(ref reader, options) ?? []; break;
                case "sentTime": envelope.SentTime = JsonSerializer.Deserialize<DateTime?>(ref reader, options); break;
                default: reader.Skip(); break; // Requests and answers, which nobody sends here.
            }
        }
        return envelope;
    }

    public override void Write(Utf8JsonWriter writer, MessageEnvelope value, JsonSerializerOptions options) => JsonSerializer.Serialize(writer, value, value.GetType(), options);

    private static object ReadMessage(ref Utf8JsonReader reader, string[]? types, JsonSerializerOptions options) =>
        types is [var first, ..] && s_batches.TryGetValue(first, out var batch)
            ? ((EventBatchConverter.IReader)options.GetConverter(batch)).Read(ref reader, options)
            : JsonElement.ParseValue(ref reader);
}
