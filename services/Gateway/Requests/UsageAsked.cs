using System.Text.Json;

namespace TokenLedger.Gateway.Requests;

/// <summary>Asks a stream for its usage where its client did not; whatever else the body holds stays byte for byte.</summary>
internal static class UsageAsked
{
    /// <summary>The body for the inference server: the same memory when nothing has to be added.</summary>
    public static ReadOnlyMemory<byte> In(ProxiedRequest request, bool continuous)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (!request.Stream || request.Api is not (Api.Chat or Api.Completions)) return request.Body;
        if (request.IncludeUsage && (request.ContinuousUsage || !continuous)) return request.Body;
        var wanted = continuous || request.ContinuousUsage ? "{\"include_usage\":true,\"continuous_usage_stats\":true"u8 : "{\"include_usage\":true"u8;
        var body = request.Body.Span;
        if (request.StreamOptions is { } range)
            return (byte[])[.. body[..range.Start.Value], .. wanted, .. Others(body[range]), (byte)'}', .. body[range.End.Value..]];
        var start = body.IndexOf((byte)'{') + 1;
        // A body of nothing but braces has no other field to divide it from, and is refused by any server.
        return (byte[])[.. body[..start], .. "\"stream_options\":"u8, .. wanted, .. "},"u8, .. body[start..]];
    }

    /// <summary>The other options, each behind a comma.</summary>
    private static byte[] Others(ReadOnlySpan<byte> options)
    {
        var others = new List<byte>();
        var json = new Utf8JsonReader(options);
        json.Read();
        if (json.TokenType != JsonTokenType.StartObject) return [];
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var from = (int)json.TokenStartIndex;
            var ours = json.ValueTextEquals("include_usage"u8) || json.ValueTextEquals("continuous_usage_stats"u8);
            json.Read();
            json.Skip();
            if (!ours) others.AddRange([(byte)',', .. options[from..(int)json.BytesConsumed]]);
        }
        return [.. others];
    }
}
