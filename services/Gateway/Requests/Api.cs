namespace TokenLedger.Gateway.Requests;

/// <summary>The APIs that are passed on.</summary>
internal enum Api { Chat, Completions, Embeddings, Responses, Messages }

/// <summary>What is refused here, before or instead of an inference server.</summary>
/// <param name="Param">The field it is about.</param>
internal sealed record Refusal(int Status, string Reason, string Detail, TimeSpan? RetryAfter = null, string? Param = null);
