using System.Security.Cryptography;
using FsCheck;
using FsCheck.Fluent;
using TokenLedger.Ledger.Sealing;
using TokenLedger.Tests.Sealing;

namespace TokenLedger.Tests.Unit.Sealing;

public sealed class MerkleTests
{
    private const int Largest = 600;
    private static readonly byte[][] s_leaves = [.. Enumerable.Range(0, 70_000).Select(n => SHA256.HashData([0, .. BitConverter.GetBytes(n)]))];

    /// <summary>The inputs and roots that the field tests its implementations of RFC 6962 with.</summary>
    [Theory]
    [InlineData(0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    [InlineData(1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d")]
    [InlineData(2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125")]
    [InlineData(3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77")]
    [InlineData(4, "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7")]
    [InlineData(5, "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4")]
    [InlineData(6, "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef")]
    [InlineData(7, "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c")]
    [InlineData(8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328")]
    public void Has_the_known_roots(int size, string root)
    {
        string[] inputs = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
        var frontier = new MerkleFrontier();
        foreach (var input in inputs.Take(size)) frontier.Append(SHA256.HashData([0, .. Convert.FromHexString(input)]));
        var actual = new byte[Merkle.HashSize];
        frontier.Root(actual);
        Assert.Equal(root, Convert.ToHexStringLower(actual));
    }

    [Fact]
    public void Has_the_root_of_the_definition_at_every_size()
    {
        var frontier = new MerkleFrontier();
        var root = new byte[Merkle.HashSize];
        for (var size = 1; size <= Largest; size++)
        {
            frontier.Append(s_leaves[size - 1]);
            frontier.Root(root);
            Assert.Equal(ProofCheck.Root(s_leaves.AsSpan(0, size)), root);
        }
    }

    /// <summary>Every position of every tree of up to 64 leaves, and of the trees around the edges of a tile; a tree's tiles are those of the largest.</summary>
    [Fact]
    public void Proves_every_position_to_a_stranger()
    {
        var tiles = Tiles(s_leaves[..Largest]);
        foreach (var size in Enumerable.Range(1, 64).Concat([127, 128, 129, 255, 256, 257, 511, 512, 513, 599, 600]))
        {
            var root = tiles.Hash(new(0, size));
            Assert.Equal(ProofCheck.Root(s_leaves.AsSpan(0, size)), root);
            for (var index = 0; index < size; index++)
                Assert.True(ProofCheck.Included(s_leaves[index], index, size, Path(tiles, MerkleProof.Inclusion(index, size)), root), $"{index} of {size}");
        }
    }

    [Fact]
    public void Proves_any_position_of_any_tree()
    {
        var tiles = Tiles(s_leaves[..Largest]);
        var places = Gen.Choose(1, Largest).SelectMany(size => Gen.Choose(0, size - 1).Select(index => (Size: size, Index: index)));
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(2_000), Prop.ForAll(Arb.From(places), place =>
            ProofCheck.Included(s_leaves[place.Index], place.Index, place.Size, Path(tiles, MerkleProof.Inclusion(place.Index, place.Size)), tiles.Hash(new(0, place.Size)))));
    }

    [Fact]
    public void Proves_nothing_that_is_not_so()
    {
        var tiles = Tiles(s_leaves[..Largest]);
        var (root, path) = (tiles.Hash(new(0, Largest)), Path(tiles, MerkleProof.Inclusion(299, Largest)));
        Assert.True(ProofCheck.Included(s_leaves[299], 299, Largest, path, root));
        Assert.False(ProofCheck.Included(s_leaves[300], 299, Largest, path, root));
        Assert.False(ProofCheck.Included(s_leaves[299], 298, Largest, path, root));
        Assert.False(ProofCheck.Included(s_leaves[299], 299, Largest - 100, path, root));
    }

    [Fact]
    public void Proves_that_every_tree_begins_with_every_smaller_one()
    {
        var tiles = Tiles(s_leaves[..Largest]);
        var sizes = Enumerable.Range(1, 64).Concat([255, 256, 257, 300, 512, 600]).ToArray();
        foreach (var second in sizes)
            foreach (var first in sizes.Where(size => size <= second))
                Assert.True(ProofCheck.Consistent(first, second, tiles.Hash(new(0, first)), tiles.Hash(new(0, second)), Path(tiles, MerkleProof.Consistency(first, second))), $"{first} in {second}");
    }

    [Fact]
    public void Cannot_prove_that_a_tree_begins_with_another_history()
    {
        var (tiles, other) = (Tiles(s_leaves[..64]), Tiles([s_leaves[100], .. s_leaves[1..64]]));
        for (var first = 1; first < 64; first++)
            Assert.False(ProofCheck.Consistent(first, 64, tiles.Hash(new(0, first)), other.Hash(new(0, 64)), Path(other, MerkleProof.Consistency(first, 64))));
    }

    /// <summary>256 tiles of leaves and more, so that two levels of tiles above them are met.</summary>
    [Fact]
    public void Needs_few_tiles_for_a_proof_in_a_large_tree()
    {
        var tiles = Tiles(s_leaves);
        var root = tiles.Hash(new(0, s_leaves.Length));
        Assert.Equal(ProofCheck.Root(s_leaves), root);
        foreach (var index in (int[])[0, 255, 256, 65_535, 65_536, 69_999])
        {
            var ranges = MerkleProof.Inclusion(index, s_leaves.Length);
            Assert.InRange(TileSet.Needed(ranges).Count, 1, 5);
            Assert.True(ProofCheck.Included(s_leaves[index], index, s_leaves.Length, Path(tiles, ranges), root));
        }
    }

    /// <summary>A tree that is written down and resumed after every few leaves ends as one that never stopped, to the last tile.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(257)]
    public void Resumes_from_its_tiles(int step)
    {
        var stored = new Dictionary<(int, long), HashTile>();
        var chain = new byte[Merkle.HashSize];
        var expectedChain = new byte[Merkle.HashSize];
        for (var size = 0; size < 2_000;)
        {
            var builder = TileBuilder.Resume(size, chain, stored.Values);
            foreach (var leaf in s_leaves.Skip(size).Take(step))
            {
                builder.Append(leaf);
                expectedChain = SHA256.HashData([.. expectedChain, .. leaf]);
            }
            size += step;
            foreach (var tile in builder.TakeChanged()) stored[(tile.Level, tile.Index)] = tile;
            chain = builder.Chain.ToArray();
            Assert.Equal(ProofCheck.Root(s_leaves.AsSpan(0, size)), builder.Root());
            Assert.Equal(expectedChain, chain);
            Assert.Equal(HashTile.Count(0, size) + HashTile.Count(1, size), stored.Count);
        }
    }

    [Fact]
    public void Does_not_resume_from_tiles_that_are_too_few() =>
        Assert.Throws<DamagedSealException>(() => TileBuilder.Resume(300, new byte[Merkle.HashSize], [new HashTile(1, 0, new byte[Merkle.HashSize])]));

    private static List<byte[]> Path(TileSet tiles, IReadOnlyList<LeafRange> ranges) => [.. ranges.Select(tiles.Hash)];

    private static TileSet Tiles(IEnumerable<byte[]> leaves)
    {
        var builder = new TileBuilder();
        foreach (var leaf in leaves) builder.Append(leaf);
        return new(builder.TakeChanged());
    }
}
