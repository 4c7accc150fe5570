namespace TokenLedger.Contracts.Http;

/// <summary>A public key that checkpoints are signed with; <see cref="VerifierKey"/> is the same in the one line of C2SP signed-note.</summary>
/// <param name="KeyId">Four bytes in hexadecimal, as in signature lines.</param>
/// <param name="PublicKey">SubjectPublicKeyInfo in DER.</param>
public sealed record LedgerKeyView(string Name, string KeyId, string Algorithm, ReadOnlyMemory<byte> PublicKey, string VerifierKey);

public sealed record LedgerKeyList(IReadOnlyList<LedgerKeyView> Keys);

/// <summary>A signed checkpoint: what it says, and the note whose signature says so.</summary>
/// <param name="Size">Events it covers.</param>
/// <param name="Root">Root of the tree over them.</param>
/// <param name="Chain">Chain hash of the last of them.</param>
/// <param name="Key">The key that its signature names.</param>
public sealed record CheckpointView(string Origin, long Size, ReadOnlyMemory<byte> Root, ReadOnlyMemory<byte>? Chain, DateTimeOffset CreatedAt, string Note, LedgerKeyView? Key);

public sealed record CheckpointNote(long Size, DateTimeOffset CreatedAt, string Note);

public sealed record CheckpointList(IReadOnlyList<CheckpointNote> Checkpoints);

/// <summary>The proof that an event is in the ledger (RFC 6962, 2.1.1): the root follows from the leaf hash and the path.</summary>
/// <param name="LeafIndex">The position counted from 0.</param>
/// <param name="Checkpoint">The signed checkpoint of that size, where there is one.</param>
public sealed record InclusionProof(
    long Position, long LeafIndex, ReadOnlyMemory<byte> LeafHash, long Size, ReadOnlyMemory<byte> Root, IReadOnlyList<ReadOnlyMemory<byte>> Path, string? Checkpoint);

/// <summary>The proof that the ledger of <see cref="To"/> events begins with that of <see cref="From"/> (RFC 6962, 2.1.2).</summary>
public sealed record ConsistencyProof(long From, long To, ReadOnlyMemory<byte> FromRoot, ReadOnlyMemory<byte> ToRoot, IReadOnlyList<ReadOnlyMemory<byte>> Path);
