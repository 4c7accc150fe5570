using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;
using TokenLedger.Core.Pools;

namespace TokenLedger.Admission.Pools;

/// <summary>What is sent to a pool's writer: a command, or none to look at the pool between two commands.</summary>
internal sealed record PoolRequest(PoolCommand? Command);

/// <summary>The writer's reply, given when all it rests on is durable.</summary>
/// <param name="Position">Ledger position of the admission, else of the decision's last event.</param>
/// <param name="Caller">For a request that waits: where the end of its wait is told.</param>
/// <param name="Waited">How long the caller waited for capacity.</param>
internal sealed record PoolReply(PoolAnswer? Answer, long Position, PoolView? View = null, WaitingCaller? Caller = null, TimeSpan? Waited = null);

/// <summary>The request was admitted before, and the ledger says how.</summary>
internal sealed record Recorded(RequestAdmitted Event, Headroom? Headroom) : PoolAnswer;

/// <summary>The request id stands for another request.</summary>
internal sealed record Conflicting(string Detail) : PoolAnswer;

/// <summary>The wait for capacity ended without an answer: the same command gets one.</summary>
internal sealed record AskAgain : PoolAnswer;

/// <summary>This process stops while the request waits: it waits on, and whoever sends it again waits along.</summary>
internal sealed record Stopping : PoolAnswer;

/// <summary>The reservation has ended.</summary>
internal sealed record Ended(EntitlementId Entitlement) : PoolAnswer;
