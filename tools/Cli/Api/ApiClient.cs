using System.Buffers;
using System.IO.Pipelines;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace TokenLedger.Cli.Api;

/// <summary>The public API for commands that ask once: an answer, or a <see cref="CommandFailure"/> with one readable line.</summary>
internal sealed class ApiClient(HttpClient http) : IDisposable
{
    public const string Ndjson = "application/x-ndjson";
    private const string Json = "application/json";
    private static readonly StreamPipeReaderOptions s_lines = new(bufferSize: 65_536);

    public Task<byte[]> GetAsync(string path, CancellationToken ct) => SendAsync(HttpMethod.Get, path, null, ct);

    public async Task<T> GetAsync<T>(string path, JsonTypeInfo<T> shape, CancellationToken ct) => Read(await GetAsync(path, ct), shape);

    /// <param name="json">The body; null for none.</param>
    public async Task<byte[]> SendAsync(HttpMethod method, string path, byte[]? json, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(method, path);
        if (json is not null) request.Content = new ByteArrayContent(json) { Headers = { ContentType = new MediaTypeHeaderValue(Json) } };
        using var response = await AnswerAsync(request, HttpCompletionOption.ResponseContentRead, ct);
        return await response.Content.ReadAsByteArrayAsync(ct);
    }

    /// <summary>The lines of an NDJSON answer, one at a time, so that a page of any size needs the memory of a line.</summary>
    public async IAsyncEnumerable<ReadOnlyMemory<byte>> LinesAsync(string path, [EnumeratorCancellation] CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { Accept = { new(Ndjson) } } };
        using var response = await AnswerAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
        var reader = PipeReader.Create(await response.Content.ReadAsStreamAsync(ct), s_lines);
        while (true)
        {
            var read = await ReachAsync(() => reader.ReadAsync(ct).AsTask(), ct);
            var rest = read.Buffer;
            while (rest.PositionOf((byte)'\n') is { } end)
            {
                if (rest.Slice(0, end) is { IsEmpty: false } line) yield return line.ToArray();
                rest = rest.Slice(rest.GetPosition(1, end));
            }
            if (read.IsCompleted)
            {
                if (!rest.IsEmpty) yield return rest.ToArray();
                yield break;
            }
            reader.AdvanceTo(rest.Start, rest.End);
        }
    }

    /// <summary>A long answer as it comes; the caller disposes of it.</summary>
    public async Task<Stream> OpenAsync(string path, string accept, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { Accept = { new(accept) } } };
        var response = await AnswerAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
        return await response.Content.ReadAsStreamAsync(ct);
    }

    public static T Read<T>(ReadOnlySpan<byte> json, JsonTypeInfo<T> shape)
    {
        try
        {
            return JsonSerializer.Deserialize(json, shape) ?? throw new JsonException("the answer is null");
        }
        catch (JsonException e)
        {
            throw CommandFailure.Failed($"The server's answer is not understood: {e.Message}");
        }
    }

    public void Dispose() => http.Dispose();

    private async Task<HttpResponseMessage> AnswerAsync(HttpRequestMessage request, HttpCompletionOption completion, CancellationToken ct)
    {
        var response = await ReachAsync(() => http.SendAsync(request, completion, ct), ct);
        if (response.IsSuccessStatusCode) return response;
        using (response)
            throw CommandFailure.Failed(Problem.Read((int)response.StatusCode, await response.Content.ReadAsByteArrayAsync(ct)).ToLine());
    }

    /// <summary>A server that is not there, or goes away, is told in one sentence with its address.</summary>
    private async Task<T> ReachAsync<T>(Func<Task<T>> call, CancellationToken ct)
    {
        try
        {
            return await call();
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw CommandFailure.Failed($"{http.BaseAddress} cannot be reached: {e.Message}");
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw CommandFailure.Failed($"{http.BaseAddress} did not answer within {http.Timeout.TotalSeconds:0} seconds.");
        }
    }
}
