using System.Security.Cryptography;
using System.Text;
using TokenLedger.Ledger.Sealing;

namespace TokenLedger.Tests.Unit.Sealing;

/// <summary>The vectors of docs/ledger-format.md: who changes these has changed the format.</summary>
public sealed class EventSealTests
{
    private const string First = """
        {"causationId":"causation","correlationId":"cor\"rélation","data":{"cause":"a test","perReplica":{},"pool":"chat","ratio":0.00001},"id":"0f8fad5b-d9cb-469f-a165-70867728950e","position":1,"stream":"fleet-chat","timestamp":"2026-03-01T12:00:00.000000Z","type":"capacity-changed.v1","version":1}
        """;
    private const string Second = """
        {"data":{},"id":"00000000-0000-0000-0000-000000000001","position":9223372036854775807,"stream":"s","timestamp":"0001-01-01T00:00:00.000001Z","type":"t","version":2}
        """;

    [Fact]
    public void Writes_the_fields_in_the_order_of_their_names() => Assert.Equal(First, Canonical(Of(First)));

    [Fact]
    public void Leaves_absent_ids_out() => Assert.Equal(Second, Canonical(Of(Second)));

    [Theory]
    [InlineData(First, "33bd732d7c4a7ec3cb8e92c81552fbb7d49caa7175b519c110c8ae8f8f8bb88a")]
    [InlineData(Second, "8a1f1e6061f74bf7616589b0cab33a079b5f3442b457441e48aa3a677f8d9be2")]
    public void Hashes_the_bytes_as_a_leaf(string canonical, string hash)
    {
        var leaf = new byte[Merkle.HashSize];
        new EventSeal().Leaf(Of(canonical), leaf);
        Assert.Equal(SHA256.HashData([0, .. Encoding.UTF8.GetBytes(canonical)]), leaf);
        Assert.Equal(hash, Convert.ToHexStringLower(leaf));
    }

    [Fact]
    public void Chains_and_roots_as_the_document_says()
    {
        var builder = new TileBuilder();
        builder.Append(Convert.FromHexString("33bd732d7c4a7ec3cb8e92c81552fbb7d49caa7175b519c110c8ae8f8f8bb88a"));
        Assert.Equal("e74af158c75a62f0d1f160aae241c11be2951d00cbf4fe1b86a6a2e00eca7aea", Convert.ToHexStringLower(builder.Chain));
        builder.Append(Convert.FromHexString("8a1f1e6061f74bf7616589b0cab33a079b5f3442b457441e48aa3a677f8d9be2"));
        Assert.Equal("f10ab7f1cbd9f9faed8b08ec37844781ed3a9382ca521f5132f97a799c630258", Convert.ToHexStringLower(builder.Chain));
        Assert.Equal("99132afc2b91ce92333aa294e5e048be70f903d49e00eb7b9594d48a582ff969", Convert.ToHexStringLower(builder.Root()));
    }

    [Fact]
    public void Tells_an_empty_id_from_none()
    {
        var with = Of(Second);
        with.HasCausationId = true;
        Assert.StartsWith("""{"causationId":"","data":""", Canonical(with), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(long.MaxValue)]
    [InlineData(long.MinValue)]
    [InlineData(253_402_300_800_000_000)]
    [InlineData(-62_135_596_800_000_001)]
    public void Refuses_times_beyond_all_years(long microseconds) => Assert.Throws<CanonicalFormException>(() =>
    {
        var e = Of(Second);
        e.UnixMicroseconds = microseconds;
        return Canonical(e);
    });

    [Fact]
    public void Knows_the_last_moment() => Assert.Contains("9999-12-31T23:59:59.999999Z", Canonical(new() { Data = "1"u8, UnixMicroseconds = 253_402_300_799_999_999 }), StringComparison.Ordinal);

    [Fact]
    public void Seals_an_event_in_memory_as_its_fields()
    {
        var recorded = Facts.Recorded(7, "operators", 3, Facts.KeyRevoked("k"));
        var (memory, fields) = (new byte[Merkle.HashSize], new byte[Merkle.HashSize]);
        new EventSeal().Leaf(recorded, memory);
        new EventSeal().Leaf(new EventFields
        {
            Position = 7,
            Version = 3,
            Id = recorded.Id,
            UnixMicroseconds = recorded.Timestamp.ToUnixTimeMilliseconds() * 1_000,
            Stream = "operators"u8,
            Type = "operator-key-revoked.v1"u8,
            Data = """{ "key": "k" }"""u8,
            HasCorrelationId = true,
            CorrelationId = "correlation"u8,
            HasCausationId = true,
            CausationId = "causation"u8,
        }, fields);
        Assert.Equal(fields, memory);
    }

    private static string Canonical(in EventFields e) => Encoding.UTF8.GetString(new EventSeal().Canonical(e));

    private static EventFields Of(string canonical) => canonical == First
        ? new()
        {
            Position = 1,
            Version = 1,
            Id = new("0f8fad5b-d9cb-469f-a165-70867728950e"),
            UnixMicroseconds = Facts.Noon.ToUnixTimeMilliseconds() * 1_000,
            Stream = "fleet-chat"u8,
            Type = "capacity-changed.v1"u8,
            Data = """{ "pool": "chat", "cause": "a test", "ratio": 1E-05, "perReplica": {} }"""u8,
            HasCorrelationId = true,
            CorrelationId = "cor\"rélation"u8,
            HasCausationId = true,
            CausationId = "causation"u8,
        }
        : new() { Position = long.MaxValue, Version = 2, Id = new("00000000-0000-0000-0000-000000000001"), UnixMicroseconds = 1 - 62_135_596_800_000_000, Stream = "s"u8, Type = "t"u8, Data = "{}"u8 };
}
