using System.Text.Json;

namespace TokenLedger.Benchmarks.Replicas;

/// <summary>Chats that begin with one of sixty system prompts of 400 to 800 tokens, chosen by Zipf's law; a word is a token of the simulated engine.</summary>
internal static class SharedPrompts
{
    private const int SystemPrompts = 60;
    private const int OutputTokens = 32;
    private const double PerSecond = 20;

    /// <returns>Bodies, and the seconds at which they are sent: a Poisson process.</returns>
    public static IEnumerable<(double At, string Body)> Draw(int seed, double seconds)
    {
        var random = new Random(seed);
        string[] prompts = [.. Enumerable.Range(0, SystemPrompts).Select(prompt => string.Join(' ', Enumerable.Range(0, random.Next(400, 801)).Select(word => $"p{prompt}w{word}")))];
        double[] shares = [.. Enumerable.Range(1, SystemPrompts).Select(rank => 1.0 / rank)];
        var number = 0;
        for (var at = Gap(); at < seconds; at += Gap())
        {
            var (draw, rank) = (random.NextDouble() * shares.Sum(), 0);
            while (rank < SystemPrompts - 1 && (draw -= shares[rank]) >= 0) rank++;
            var question = string.Join(' ', Enumerable.Range(0, random.Next(20, 81)).Select(word => $"q{number}w{word}"));
            number++;
            yield return (at, JsonSerializer.Serialize(new
            {
                messages = new[] { new { role = "system", content = prompts[rank] }, new { role = "user", content = question } },
                max_tokens = OutputTokens,
                ignore_eos = true,
                stream = true,
            }));
        }

        double Gap() => -Math.Log(1 - random.NextDouble()) / PerSecond;
    }
}
