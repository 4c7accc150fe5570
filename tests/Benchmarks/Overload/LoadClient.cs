using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace TokenLedger.Benchmarks.Overload;

/// <summary>What became of a request. Times are in seconds from the begin of the run.</summary>
/// <param name="Refusal">The reason of a refusal or error; null for an answer.</param>
/// <param name="FirstTokenAt">Not a number when none came.</param>
/// <param name="Tokens">Input and output, as the answer tells them.</param>
internal sealed record LoadOutcome(ScheduledRequest Request, int Status, string? Refusal, double FirstTokenAt, double EndedAt, long Tokens)
{
    /// <summary>From the moment the request was due, whenever it was really sent: a client that is late makes it longer and hides nothing.</summary>
    public double TimeToFirstToken => FirstTokenAt - Request.Due;

    public bool IsServed => Refusal is null && Tokens > 0;

    public bool IsRefused => Status is 429 or 503 && Refusal is not null;
}

/// <summary>Sends a schedule over HTTP and reads every answer to its end. Nobody repeats what was refused.</summary>
internal static class LoadClient
{
    /// <param name="keys">The inference key of each tenant.</param>
    public static async Task<IReadOnlyList<LoadOutcome>> RunAsync(Uri gateway, IReadOnlyDictionary<string, string> keys, IReadOnlyList<ScheduledRequest> schedule, string run, CancellationToken ct)
    {
        using var http = new HttpClient { BaseAddress = gateway, Timeout = Timeout.InfiniteTimeSpan };
        var bodies = schedule.Select(request => Encoding.UTF8.GetBytes(request.Body(run))).ToList();
        List<Task<LoadOutcome>> sent = [];
        var started = Stopwatch.GetTimestamp();
        foreach (var (index, request) in schedule.Index())
        {
            if (TimeSpan.FromSeconds(request.Due) - Stopwatch.GetElapsedTime(started) is { Ticks: > 0 } wait) await Task.Delay(wait, ct);
            sent.Add(Task.Run(() => SendAsync(http, keys[request.Tenant.Name], request, bodies[index], started, ct), ct));
        }
        return await Task.WhenAll(sent);
    }

    private static async Task<LoadOutcome> SendAsync(HttpClient http, string key, ScheduledRequest request, byte[] body, long started, CancellationToken ct)
    {
        try
        {
            return await AnswerAsync(http, key, request, body, started, ct);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return new(request, 0, "broken", double.NaN, Now(started), 0);
        }
    }

    private static async Task<LoadOutcome> AnswerAsync(HttpClient http, string key, ScheduledRequest request, byte[] body, long started, CancellationToken ct)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, "v1/chat/completions") { Content = new ByteArrayContent(body) };
        message.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        message.Content.Headers.ContentType = new("application/json");
        using var response = await http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, ct);
        var status = (int)response.StatusCode;
        if (!response.IsSuccessStatusCode) return new(request, status, Code(await response.Content.ReadAsStringAsync(ct)), double.NaN, Now(started), 0);
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(ct));
        var (first, tokens) = (double.NaN, 0L);
        while (await lines.ReadLineAsync(ct) is { } line)
        {
            if (double.IsNaN(first) && line.Contains("\"content\":", StringComparison.Ordinal)) first = Now(started);
            if (line.Contains("\"total_tokens\":", StringComparison.Ordinal)) tokens = TotalTokens(line);
        }
        // Every whole answer tells its usage.
        return new(request, status, tokens == 0 ? "broken" : null, first, Now(started), tokens);
    }

    private static double Now(long started) => Stopwatch.GetElapsedTime(started).TotalSeconds;

    private static string Code(string error)
    {
        using var json = JsonDocument.Parse(error);
        return json.RootElement.GetProperty("error").GetProperty("code").GetString()!;
    }

    private static long TotalTokens(string line)
    {
        using var json = JsonDocument.Parse(line["data: ".Length..]);
        return json.RootElement.GetProperty("usage").GetProperty("total_tokens").GetInt64();
    }
}
