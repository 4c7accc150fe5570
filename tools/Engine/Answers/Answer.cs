using System.Text.Json.Nodes;

namespace TokenLedger.Engine;

/// <summary>An event of a stream: its name, where its API has names, and its data.</summary>
internal readonly record struct StreamEvent(string? Name, string Data);

/// <summary>What an answer is made of.</summary>
internal sealed record AnswerSource(string Id, long Created, string Model, Generation Generation, Sequence Sequence, bool WrongUsage);

/// <summary>The answer to one request in the shapes of its API: whole, or as the events of a stream.</summary>
internal abstract class Answer(AnswerSource source)
{
    protected string Id => source.Id;
    protected long Created => source.Created;
    protected string Model => source.Model;
    protected Ask Ask => source.Generation.Ask;
    protected int PromptTokens => source.Generation.Prompt.Length * (source.WrongUsage ? 2 : 1);
    protected int OutputTokens => Billed(source.Sequence.Made);
    protected int CachedTokens => Math.Max(0, source.Sequence.CachedTokens);
    protected string AllText => Text(0, source.Sequence.Made);

    /// <summary>Why it ended; an answer that was stopped half-way says so.</summary>
    public string Finish => source.Sequence.Made == source.Generation.OutputTokens ? source.Generation.FinishReason : "abort";

    protected int Billed(int tokens) => source.WrongUsage ? 2 * tokens : tokens;

    protected string Text(int first, int count) => source.Generation.Text(first, count);

    public abstract JsonObject Whole();

    public virtual IEnumerable<StreamEvent> Begin() => [];

    /// <summary>The chunk that holds the n-th token.</summary>
    public abstract IEnumerable<StreamEvent> Chunk(int n);

    public abstract IEnumerable<StreamEvent> End();

    public static Answer Of(AnswerSource source) => source.Generation.Ask.Api switch
    {
        Api.Chat => new ChatAnswer(source),
        Api.Completions => new CompletionAnswer(source),
        Api.Responses => new ResponsesAnswer(source),
        Api.Messages => new MessagesAnswer(source),
        _ => new EmbeddingsAnswer(source),
    };
}
