using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace TokenLedger.Engine;

/// <summary>What became of one request: what it was charged for and what was really produced.</summary>
/// <param name="RequestId">The <c>x-request-id</c> that came with it.</param>
/// <param name="BodySha256">Of the body as it arrived.</param>
/// <param name="Finish">stop, length, tool_calls, abort, or the fault that ended it.</param>
public sealed record LoggedRequest(string RequestId, string Path, string BodySha256, int PromptTokens, int CachedTokens, int OutputTokens, string Finish);

/// <summary>The last requests that have ended, for whoever compares them with a bill.</summary>
internal sealed class RequestLog
{
    private const int Most = 200_000;
    private readonly ConcurrentQueue<LoggedRequest> _entries = [];
    private readonly ConcurrentDictionary<string, LoggedRequest> _last = new(StringComparer.Ordinal);

    public IReadOnlyList<LoggedRequest> Entries => [.. _entries];

    /// <summary>The last request of this id; null when it is not known, or not any more.</summary>
    public LoggedRequest? Find(string requestId) => _last.GetValueOrDefault(requestId);

    public void Add(LoggedRequest entry)
    {
        _entries.Enqueue(entry);
        _last[entry.RequestId] = entry;
        while (_entries.Count > Most && _entries.TryDequeue(out var oldest)) _last.TryRemove(new(oldest.RequestId, oldest));
    }

    public string ToNdjson() => string.Concat(_entries.Select(entry => JsonSerializer.Serialize(entry, LogJson.Default.LoggedRequest) + "\n"));
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(LoggedRequest))]
internal sealed partial class LogJson : JsonSerializerContext;
