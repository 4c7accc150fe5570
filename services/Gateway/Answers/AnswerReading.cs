using System.Text.Json;
using TokenLedger.Gateway.Requests;

namespace TokenLedger.Gateway.Answers;

/// <summary>What one event of a stream turned out to be.</summary>
/// <param name="Usage">Where the JSON tells the usage on its top level, with the comma that belongs to it.</param>
/// <param name="TellsUsage">What stands there is usage, and not null.</param>
/// <param name="IsContent">It brings something that was generated.</param>
/// <param name="IsUsageOnly">It has no choices: it was sent for its usage.</param>
/// <param name="IsEnd">Nothing comes after it.</param>
internal readonly record struct Reading(Range? Usage, bool TellsUsage, bool IsContent, bool IsUsageOnly, bool IsEnd);

/// <summary>Looks into answers for their usage and for what they bring. What cannot be read is passed over: it is the client's business.</summary>
internal static class AnswerReading
{
    /// <summary>The usage of an answer that is not streamed.</summary>
    public static void ReadWhole(ReadOnlySpan<byte> json, UsageTally tally) => Read(Api.Chat, json, tally);

    /// <summary>Reads the data of one event.</summary>
    public static Reading Read(Api api, ReadOnlySpan<byte> data, UsageTally tally)
    {
        if (data.SequenceEqual("[DONE]"u8)) return new(null, false, false, false, IsEnd: true);
        try
        {
            return ReadJson(api, data, tally);
        }
        catch (JsonException)
        {
            return default;
        }
    }

    private static Reading ReadJson(Api api, ReadOnlySpan<byte> data, UsageTally tally)
    {
        var json = new Utf8JsonReader(data);
        if (!json.Read() || json.TokenType != JsonTokenType.StartObject) return default;
        Range? usage = null;
        bool tells = false, content = false, choices = false, noChoices = false, end = false;
        var before = 1;
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var from = (int)json.TokenStartIndex;
            if (json.ValueTextEquals("usage"u8))
            {
                json.Read();
                tells = json.TokenType == JsonTokenType.StartObject;
                tally.Read(ref json);
                usage = WithComma(data, from, (int)json.BytesConsumed, before);
            }
            else if (json.ValueTextEquals("choices"u8))
            {
                json.Read();
                (choices, content) = (true, HasContent(ref json, out noChoices));
            }
            else if (json.ValueTextEquals("type"u8))
            {
                json.Read();
                content |= api == Api.Responses && json.TokenType == JsonTokenType.String && json.ValueSpan.EndsWith(".delta"u8) || api == Api.Messages && json.ValueTextEquals("content_block_delta"u8);
                end |= api == Api.Responses && (json.ValueTextEquals("response.completed"u8) || json.ValueTextEquals("response.incomplete"u8) || json.ValueTextEquals("response.failed"u8)) || api == Api.Messages && json.ValueTextEquals("message_stop"u8);
            }
            else if (json.ValueTextEquals("response"u8) || json.ValueTextEquals("message"u8))
            {
                json.Read();
                ReadInner(ref json, tally);
            }
            else
            {
                json.Read();
                json.Skip();
            }
            before = (int)json.BytesConsumed;
        }
        return new(usage, tells, content, choices && noChoices && tells, end);
    }

    /// <summary>With the comma before it, or the one behind it when it comes first.</summary>
    private static Range WithComma(ReadOnlySpan<byte> data, int from, int to, int before)
    {
        var comma = data[before..from].IndexOf((byte)',');
        if (comma >= 0) return (before + comma)..to;
        var behind = data[to..].IndexOfAnyExcept(" \t\r\n"u8);
        return behind >= 0 && data[to + behind] == (byte)',' ? from..(to + behind + 1) : from..to;
    }

    private static void ReadInner(ref Utf8JsonReader json, UsageTally tally)
    {
        if (json.TokenType != JsonTokenType.StartObject) return;
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var usage = json.ValueTextEquals("usage"u8);
            json.Read();
            if (usage) tally.Read(ref json);
            else json.Skip();
        }
    }

    /// <summary>Any text under a name that stands for generated content.</summary>
    private static bool HasContent(ref Utf8JsonReader json, out bool isEmpty)
    {
        isEmpty = true;
        if (json.TokenType != JsonTokenType.StartArray) return false;
        var (depth, found, named) = (json.CurrentDepth, false, false);
        while (json.Read() && json.CurrentDepth > depth)
        {
            isEmpty = false;
            if (json.TokenType == JsonTokenType.PropertyName)
                named = json.ValueTextEquals("content"u8) || json.ValueTextEquals("text"u8) || json.ValueTextEquals("arguments"u8) || json.ValueTextEquals("reasoning_content"u8)
                    || json.ValueTextEquals("reasoning"u8) || json.ValueTextEquals("refusal"u8) || json.ValueTextEquals("name"u8);
            else if (json.TokenType == JsonTokenType.String) found |= named && json.ValueSpan.Length > 0;
        }
        return found;
    }
}
