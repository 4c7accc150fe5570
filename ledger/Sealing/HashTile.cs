namespace TokenLedger.Ledger.Sealing;

/// <summary>
/// Up to 256 neighbouring nodes of one level of the tree. The nodes of tile level n are the roots of whole subtrees of 256ⁿ leaves: level 0 holds the leaves.
/// Tile i of a level begins with the level's node 256·i. Only the last of a level is not full.
/// </summary>
public sealed record HashTile(int Level, long Index, byte[] Hashes)
{
    public const int Width = 256;

    /// <summary>Levels of the tree between two levels of tiles.</summary>
    public const int Height = 8;

    public const int FullSize = Width * Merkle.HashSize;

    /// <summary>Levels of tiles that a ledger can have at most.</summary>
    public const int MostLevels = 8;

    /// <summary>Tiles of a level that a tree of this size has, with the last that may not be full.</summary>
    public static long Count(int level, long size) => (Nodes(level, size) + Width - 1) / Width;

    /// <summary>Nodes of a level of tiles that a tree of this size has.</summary>
    public static long Nodes(int level, long size) => size >> (Height * level);
}
