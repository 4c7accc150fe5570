using System.ClientModel;
using System.ClientModel.Primitives;
using OpenAI;
using OpenAI.Chat;
using OpenAI.Responses;
using TokenLedger.Contracts;
using TokenLedger.Tests.Integration.Hosting;
using TokenLedger.Tests.Integration.Http;

// The library calls its own Responses API a preview; a newer version may want other calls here.
#pragma warning disable OPENAI001

namespace TokenLedger.Tests.Integration.Gateways;

/// <summary>The official OpenAI library for .NET, which knows nothing of the ledger, pointed at the gateway.</summary>
public sealed class OpenAiSdkTests(GatewayFixture fixture) : IClassFixture<GatewayFixture>
{
    private readonly GatewaySite _site = fixture.Site;

    [Fact]
    public async Task Chats()
    {
        var completion = (await Chat().CompleteChatAsync([new UserChatMessage("Say hello")], new ChatCompletionOptions { MaxOutputTokenCount = 6 }, Within.Patience())).Value;
        Assert.Equal((2, 6, ChatFinishReason.Length), (completion.Usage.InputTokenCount, completion.Usage.OutputTokenCount, completion.FinishReason));
        Assert.Equal(6, completion.Content[0].Text.Split(' ').Length);
    }

    [Fact]
    public async Task Streams_and_hears_the_usage_that_it_asks_for()
    {
        var (text, usage) = ("", default(ChatTokenUsage));
        await foreach (var update in Chat().CompleteChatStreamingAsync([new UserChatMessage("Say hello again")], new ChatCompletionOptions { MaxOutputTokenCount = 6 }, Within.Patience()))
        {
            text += string.Concat(update.ContentUpdate.Select(part => part.Text));
            usage = update.Usage ?? usage;
        }
        Assert.Equal((6, 3, 6), (text.Split(' ').Length, usage!.InputTokenCount, usage.OutputTokenCount));
    }

    [Fact]
    public async Task Calls_tools_and_goes_on_with_their_results()
    {
        var tool = ChatTool.CreateFunctionTool("weather", "of a city", BinaryData.FromString("""{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}"""));
        var options = new ChatCompletionOptions { Tools = { tool }, ToolChoice = ChatToolChoice.CreateRequiredChoice() };
        List<ChatMessage> messages = [new UserChatMessage("How is the weather?")];
        var first = (await Chat().CompleteChatAsync(messages, options, Within.Patience())).Value;
        Assert.Equal((ChatFinishReason.ToolCalls, "weather", """{"city":"some city"}"""), (first.FinishReason, first.ToolCalls[0].FunctionName, first.ToolCalls[0].FunctionArguments.ToString()));
        messages.Add(new AssistantChatMessage(first));
        messages.Add(new ToolChatMessage(first.ToolCalls[0].Id, "sunny"));
        options.ToolChoice = ChatToolChoice.CreateNoneChoice();
        Assert.NotEmpty((await Chat().CompleteChatAsync(messages, options, Within.Patience())).Value.Content[0].Text);
    }

    [Fact]
    public async Task Embeds()
    {
        var embeddings = (await Client(_site.Key).GetEmbeddingClient(GatewaySite.Model).GenerateEmbeddingsAsync(["one two", "three"], cancellationToken: Within.Patience())).Value;
        Assert.Equal((2, 16, 3), (embeddings.Count, embeddings[0].ToFloats().Length, embeddings.Usage.InputTokenCount));
    }

    [Fact]
    public async Task Takes_a_response()
    {
        var answer = (await Responses().CreateResponseAsync(new CreateResponseOptions(GatewaySite.Model, [ResponseItem.CreateUserMessageItem("Say hello")]) { MaxOutputTokenCount = 6 }, Within.Patience())).Value;
        Assert.Equal((2, 6, ResponseStatus.Incomplete), (answer.Usage.InputTokenCount, answer.Usage.OutputTokenCount, answer.Status));
        Assert.Equal(6, answer.GetOutputText().Split(' ').Length);
    }

    [Fact]
    public async Task Streams_a_response()
    {
        var (text, whole) = ("", default(ResponseResult));
        await foreach (var update in Responses().CreateResponseStreamingAsync(
            new CreateResponseOptions(GatewaySite.Model, [ResponseItem.CreateUserMessageItem("Say hello again")]) { MaxOutputTokenCount = 6, StreamingEnabled = true }, Within.Patience()))
        {
            if (update is StreamingResponseOutputTextDeltaUpdate delta) text += delta.Delta;
            if (update is StreamingResponseCompletedUpdate completed) whole = completed.Response;
        }
        Assert.Equal((6, text, 3, 6), (text.Split(' ').Length, whole!.GetOutputText(), whole.Usage.InputTokenCount, whole.Usage.OutputTokenCount));
    }

    [Fact]
    public async Task Looks_a_model_up() =>
        Assert.Equal("tokenledger", (await Client(_site.Key).GetOpenAIModelClient().GetModelAsync(GatewaySite.Model, Within.Patience())).Value.OwnedBy);

    [Fact]
    public async Task Lists_models() =>
        Assert.Equal([GatewaySite.Model], (await Client(_site.Key).GetOpenAIModelClient().GetModelsAsync(Within.Patience())).Value.Select(model => model.Id));

    [Theory]
    [InlineData("tli_unknown", GatewaySite.Model, 401, "key-unknown")]
    [InlineData(null, "another", 404, "model-unknown")]
    public async Task Understands_refusals(string? key, string model, int status, string code)
    {
        var refused = await Assert.ThrowsAsync<ClientResultException>(() => Client(key ?? _site.Key).GetChatClient(model).CompleteChatAsync([new UserChatMessage("hello")], cancellationToken: Within.Patience()));
        Assert.Equal(status, refused.Status);
        Assert.Contains(code, refused.Message, StringComparison.Ordinal);
    }

    /// <summary>An entitlement of one sequence, held by somebody else: refused with 429, the library comes back by itself when it was told, and finds room.</summary>
    [Fact]
    public async Task Comes_back_after_a_refusal_when_it_is_told_to()
    {
        var key = await _site.EnterAsync("single", Bodies.Entitlement().But("baseline.sequences", "1"));
        var (holder, held) = (_site.Api.With(key), Guid.NewGuid());
        (await holder.AdmitAsync(held)).MustBe(201);
        var asking = Client(key).GetChatClient(GatewaySite.Model).CompleteChatAsync([new UserChatMessage("hello")], new ChatCompletionOptions { MaxOutputTokenCount = 3 }, Within.Patience());
        var (_, denied) = await _site.Api.Events.FirstAsync<RequestDenied>(e => e.Entitlement.Value == "single");
        (await holder.DeleteAsync($"/v1/admissions/{held}")).MustBe(200);
        Assert.Equal(3, (await asking).Value.Usage.OutputTokenCount);
        Assert.Equal(DenialReason.ConcurrencyExceeded, denied.Reason);
    }

    [Fact]
    public async Task Leaves_in_the_middle_of_a_stream()
    {
        using var enough = new CancellationTokenSource();
        var stream = Chat().CompleteChatStreamingAsync([new UserChatMessage("never ending")], new ChatCompletionOptions { MaxOutputTokenCount = 25_000 }, enough.Token);
        var before = await _site.Api.Events.HeadAsync();
        var seen = 0;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var _ in stream)
                if (++seen == 3) await enough.CancelAsync();
        });
        var (_, used) = await _site.Api.Events.FirstAsync<TokensConsumed>(_ => true, before);
        await _site.Api.Events.UntilAsync(() => Task.FromResult(_site.Engines[0].Log.Any(entry => entry.RequestId == used.Request.ToString())));
        Assert.Equal(_site.Produced(used.Request).OutputTokens, used.OutputTokens);
        await _site.NothingHeldAsync();
    }

    private ChatClient Chat() => Client(_site.Key).GetChatClient(GatewaySite.Model);

    private ResponsesClient Responses() => Client(_site.Key).GetResponsesClient();

    private OpenAIClient Client(string key) =>
        new(new ApiKeyCredential(key), new OpenAIClientOptions { Endpoint = new Uri(_site.Api.Address + "/v1"), RetryPolicy = new ClientRetryPolicy(20) });
}
