namespace TokenLedger.Engine;

/// <summary>Writes the answer to one request, whole or in chunks.</summary>
internal sealed record Answers(string Id, long Created, string Model, Generation Generation)
{
    public Completion Whole()
    {
        var text = Generation.Words(0, Generation.OutputTokens);
        return Generation.IsChat
            ? Of("chat.completion", [new(0, Generation.FinishReason, Message: new("assistant", text))], Generation.Usage)
            : Of("text_completion", [new(0, Generation.FinishReason, text)], Generation.Usage);
    }

    /// <param name="made">Tokens in the chunks before.</param>
    public Completion Chunk(int made, int count)
    {
        var text = Generation.Words(made, count);
        var finish = made + count == Generation.OutputTokens ? Generation.FinishReason : null;
        return Generation.IsChat
            ? Of("chat.completion.chunk", [new(0, finish, Delta: new(made == 0 ? "assistant" : null, text))])
            : Of("text_completion", [new(0, finish, text)]);
    }

    public Completion UsageChunk() => Of(Generation.IsChat ? "chat.completion.chunk" : "text_completion", [], Generation.Usage);

    private Completion Of(string kind, IReadOnlyList<Choice> choices, TokenUsage? usage = null) => new(Id, kind, Created, Model, choices, usage);
}
