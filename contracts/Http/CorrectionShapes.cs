namespace TokenLedger.Contracts.Http;

/// <summary>A correction of recorded usage. <see cref="Id"/> is the caller's key for it: the same again is the same correction.</summary>
public sealed record PostCorrection(string? Id, UsageReference? Corrects, TokenDeltas? Deltas, string? Reason);

/// <summary>Recorded usage, by the source and id it was reported under.</summary>
public sealed record UsageReference(string? Source, string? Id);

/// <summary>What is added to each kind of tokens; negative takes away, absent leaves as it is.</summary>
public sealed record TokenDeltas(long? InputTokens = null, long? CachedInputTokens = null, long? OutputTokens = null, long? ReasoningTokens = null);

/// <summary>What became of one correction. <see cref="Status"/> is as in HTTP: 202 recorded (or recorded before), 400, 403, 404, 409 or 422 with the reason.</summary>
public sealed record CorrectionResult(string? Id, int Status, long? LedgerPosition, bool? Duplicate, string? Reason, string? Detail, IReadOnlyDictionary<string, string[]>? Errors = null);

/// <summary>The answer to a batch: one result per correction, in its order.</summary>
public sealed record CorrectionBatchResult(int Accepted, int Rejected, IReadOnlyList<CorrectionResult> Results);
