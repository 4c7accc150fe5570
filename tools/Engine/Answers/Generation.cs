using System.Text;

namespace TokenLedger.Engine;

/// <summary>What will be answered to a request, counted in the engine's tokens. The same request gets the same answer from every engine of the same seed.</summary>
internal sealed class Generation
{
    private const int DefaultCompletionTokens = 16;
    private static readonly string[] s_words =
        ("time year people way day man thing woman life child world school state family student group country problem hand part place case week company system program question work "
        + "government number night point home water room mother area money story fact month lot right study book eye job word business issue side kind head house service friend father power hour game line end member").Split(' ');

    private readonly ulong _content;

    private Generation(Ask ask, ulong[] prompt, int outputTokens, bool isCut, ulong content) =>
        (Ask, Prompt, OutputTokens, IsCut, _content) = (ask, prompt, outputTokens, isCut, content);

    public Ask Ask { get; }

    /// <summary>A hash for each token.</summary>
    public ulong[] Prompt { get; }

    public int OutputTokens { get; }
    private bool IsCut { get; }

    /// <returns>What is wrong with the request and in which field; null when nothing is.</returns>
    public static (string Message, string Param)? Plan(Ask ask, EngineOptions options, out Generation generation)
    {
        generation = null!;
        ulong[] prompt = [.. Prompts.Words(ask.Prompt).Select(word => Hash.Of(word))];
        if (prompt.Length == 0) return ("the prompt is empty", "messages");
        var room = Math.Min(options.MaxModelLength, options.KvCacheTokens - EngineOptions.BlockTokens) - prompt.Length;
        var limit = ask.Api == Api.Embeddings ? 0 : ask.Limit ?? (ask.Api == Api.Completions ? Math.Min(room, DefaultCompletionTokens) : room);
        if (room < 1 || limit > room) return ($"prompt ({prompt.Length}) and output do not fit the model's {options.MaxModelLength} tokens", "max_tokens");
        var content = prompt.Aggregate((ulong)options.Seed, Hash.Mix);
        var natural = ask.Tool?.Tokens ?? 1 + (int)(content % (ulong)(2 * options.MeanOutputTokens - 1));
        var isCut = ask.Tool is null && ask.IgnoreEos || natural > limit;
        generation = new(ask, prompt, isCut ? limit : natural, isCut, content);
        return null;
    }

    public string FinishReason => IsCut ? "length" : Ask.Tool is null ? "stop" : "tool_calls";

    /// <summary>The same for the same prompt, as everything else in the answer.</summary>
    public string Id => $"{_content:x16}{Hash.Mix(_content, 0):x16}";

    /// <summary>Some tokens of the answer: words, or a piece of the arguments of a tool.</summary>
    public string Text(int first, int count)
    {
        if (Ask.Tool is { } tool) return tool.Piece(first, count);
        var text = new StringBuilder();
        for (var i = first; i < first + count; i++) text.Append(i == 0 ? "" : " ").Append(Word(i));
        return text.ToString();
    }

    public ulong Token(int index) => Hash.Of(Word(index));

    /// <summary>A vector that is the same for the same text.</summary>
    public static IEnumerable<float> Vector(string text, int dimensions) =>
        Enumerable.Range(0, dimensions).Select(i => (float)(Hash.Mix(Hash.Of(text), (ulong)i) % 2001) / 1000 - 1);

    private string Word(int index) => s_words[Hash.Mix(_content, (ulong)index) % (ulong)s_words.Length];
}
