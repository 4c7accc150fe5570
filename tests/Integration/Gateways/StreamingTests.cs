using System.Net.Http.Headers;
using System.Text;
using TokenLedger.Contracts;
using TokenLedger.Tests.Integration.Hosting;

namespace TokenLedger.Tests.Integration.Gateways;

/// <summary>A stream goes on as it arrives.</summary>
public sealed class StreamingTests(PostgresServer postgres)
{
    private static readonly string[] s_events = [Chunk("one"), Chunk("two"), Chunk("three"), "data: [DONE]\n\n"];

    /// <summary>The server sends an event when the client has the one before: a gateway that waited for more would wait for ever.</summary>
    [Fact]
    public async Task Passes_each_event_on_before_the_next_one_is_there()
    {
        using var next = new SemaphoreSlim(0);
        await using var canned = await CannedUpstream.StartAsync();
        await using var site = await GatewaySite.StartAsync(postgres, [], [.. GatewaySite.Upstreams([canned.Address]), ("Gateway:AbortPath", "")]);
        canned.Sends = async (body, ct) =>
        {
            foreach (var one in s_events)
            {
                await next.WaitAsync(ct);
                await body.WriteAsync(Encoding.UTF8.GetBytes(one), ct);
                await body.FlushAsync(ct);
            }
        };
        using var http = new HttpClient { Timeout = Timeout.InfiniteTimeSpan };
        using var request = new HttpRequestMessage(HttpMethod.Post, site.Api.Address + "/v1/chat/completions") { Content = new StringContent("""{"stream":true,"messages":[{"role":"user","content":"hello"}]}""") };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", site.Key);
        next.Release();
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Within.Patience());
        await using var stream = await response.Content.ReadAsStreamAsync(Within.Patience());
        var id = RequestId.Parse(response.Headers.GetValues("x-request-id").Single());
        foreach (var one in s_events)
        {
            var read = new byte[Encoding.UTF8.GetByteCount(one)];
            await stream.ReadExactlyAsync(read, Within.Patience());
            Assert.Equal(one, Encoding.UTF8.GetString(read));
            // What the prompt held is given back while the stream goes on.
            if (one == s_events[0]) await site.Api.Events.FirstAsync<PrefillReleased>(e => e.Request == id);
            next.Release();
        }
        Assert.Equal(0, await stream.ReadAsync(new byte[1], Within.Patience()));
    }

    private static string Chunk(string text) => $$$"""data: {"choices":[{"index":0,"delta":{"content":"{{{text}}}"}}]}""" + "\n\n";
}
