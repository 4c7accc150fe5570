using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Npgsql;
using TokenLedger.Contracts;
using TokenLedger.Ledger;
using TokenLedger.Ledger.Sealing;
using TokenLedger.Tests.Integration.Hosting;

namespace TokenLedger.Tests.Sealing;

/// <summary>What was appended and what PostgreSQL's jsonb gives back have the same canonical bytes.</summary>
public sealed class JsonbTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static readonly string[] s_texts =
    [
        "", " ", "a", "aa", "b", "B", "é", "e\u0301", "ß", "Ω", "\u2028\u2029", "\ufeff", "\ufffd", "\ufffe", "\ud7ff", "\ue000", "😀", "👩‍👩‍👧", "𝕊", "\"", "\\", "\\u0041", "\\\\u0000", "/", "</script>",
        "\u0001", "\b\t\n\f\r", "\u001f", "\u007f", "\u0080", "\u00a0", "null", "1e5", "'; drop table mt_events; --", "{\"a\":1}", "ключ", "键", "\u202e", new('x', 3_000), new('é', 1_000),
    ];

    private static readonly string[] s_numbers =
    [
        "0", "-0", "-0.0", "0.0", "0e0", "0E-20", "1", "-1", "1.0", "1.10", "100", "1e2", "1E+2", "1E-05", "1E+22", "0.1", "-0.1", "123456789.123456789", "9223372036854775807", "-9223372036854775808",
        "18446744073709551615", "79228162514264337593543950335", "1e-16000", "12345678901234567890123456789012345678901234567890.12345678901234567890", "1e131071", "1.5e300", "5E-324", "1.7976931348623157E+308", "4.9406564584124654e-324", "0.30000000000000004",
    ];

    [Fact]
    public async Task Gives_the_same_bytes_as_what_was_appended()
    {
        var random = new Random(20_260_301);
        string[] documents = [.. s_numbers.Select(number => $$"""{"n":{{number}}}"""), .. s_texts.Select(text => Write(writer => writer.WriteStringValue(text), relaxed: false)), .. Enumerable.Range(0, 3_000).Select(_ => Document(random))];
        await using var source = database.OpenSchema();
        await using var command = source.CreateCommand("select document::jsonb::text from unnest($1) with ordinality as given (document, place) order by place");
        command.Parameters.Add(new() { Value = documents });
        await using var reader = await command.ExecuteReaderAsync(SealedLedger.Ct);
        var changed = 0;
        foreach (var document in documents)
        {
            Assert.True(await reader.ReadAsync(SealedLedger.Ct));
            var stored = reader.GetString(0);
            if (stored != document) changed++;
            Assert.Equal(Canonical(document), Canonical(stored));
        }
        Assert.True(changed > documents.Length / 2, "jsonb gave most documents back as they were: this shows nothing.");
    }

    [Fact]
    public async Task Seals_what_is_stored_of_every_kind_of_event_as_what_is_in_memory()
    {
        await using var ledger = await SealedLedger.CreateAsync(database);
        foreach (var kind in EventCatalogue.Kinds)
            await ledger.AppendAsync("a \"strange\" stream <é😀>", new NewEvent(Guid.NewGuid(), new(1999, 12, 31, 23, 59, 59, TimeSpan.Zero), (ILedgerEvent)Samples.Of(kind.Type), "", "\u0001\n\"\\"));
        var recorded = (await new PostgresLedger(ledger.Source).ReadAllAsync(0, 1_000, null, null, SealedLedger.Ct)).Events;
        Assert.Equal(recorded.Select(Leaf), await StoredLeavesAsync(ledger.Source, recorded.Count));
    }

    private static async Task<List<string>> StoredLeavesAsync(NpgsqlDataSource source, int through)
    {
        List<string> leaves = [];
        await using var connection = await source.OpenConnectionAsync(SealedLedger.Ct);
        await using var rows = await EventRowReader.OpenAsync(connection, 0, through, SealedLedger.Ct);
        do
        {
            while (rows.TryRead(out var e))
            {
                var leaf = new byte[Merkle.HashSize];
                var seal = new EventSeal();
                seal.Leaf(e, leaf);
                leaves.Add(Convert.ToHexString(leaf));
                // By now it knows events of this shape.
                seal.Leaf(e, leaf);
                Assert.Equal(leaves[^1], Convert.ToHexString(leaf));
            }
        }
        while (await rows.FillAsync(SealedLedger.Ct));
        return leaves;
    }

    private static string Leaf(RecordedEvent e)
    {
        var leaf = new byte[Merkle.HashSize];
        new EventSeal().Leaf(e, leaf);
        return Convert.ToHexString(leaf);
    }

    private static string Canonical(string json) => Encoding.UTF8.GetString(new EventSeal().Canonical(new() { Data = Encoding.UTF8.GetBytes(json) }));

    private static string Document(Random random) => Write(writer => WriteValue(writer, random, depth: 0), random.Next(2) == 0);

    private static string Write(Action<Utf8JsonWriter> write, bool relaxed)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes, new() { Encoder = relaxed ? JavaScriptEncoder.UnsafeRelaxedJsonEscaping : null, Indented = relaxed })) write(writer);
        return Encoding.UTF8.GetString(bytes.ToArray());
    }

    private static void WriteValue(Utf8JsonWriter writer, Random random, int depth)
    {
        switch (depth > 3 ? random.Next(2, 8) : random.Next(10))
        {
            case 0 or 8:
                writer.WriteStartObject();
                foreach (var key in random.GetItems(s_texts, random.Next(12)).Distinct())
                {
                    writer.WritePropertyName(key);
                    WriteValue(writer, random, depth + 1);
                }
                writer.WriteEndObject();
                break;
            case 1 or 9:
                writer.WriteStartArray();
                for (var left = random.Next(6); left > 0; left--) WriteValue(writer, random, depth + 1);
                writer.WriteEndArray();
                break;
            case 2: writer.WriteStringValue(random.GetItems(s_texts, 1)[0]); break;
            case 3: writer.WriteRawValue(random.GetItems(s_numbers, 1)[0]); break;
            case 4: WriteDouble(writer, BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue))); break;
            case 5: writer.WriteNumberValue(random.NextInt64(long.MinValue, long.MaxValue)); break;
            case 6: writer.WriteNumberValue(Math.Round((decimal)random.NextDouble() * random.Next(1_000_000), random.Next(20))); break;
            default: writer.WriteRawValue(random.GetItems(["true", "false", "null"], 1)[0]); break;
        }
    }

    private static void WriteDouble(Utf8JsonWriter writer, double number)
    {
        if (double.IsFinite(number)) writer.WriteRawValue(number.ToString("R", CultureInfo.InvariantCulture));
        else writer.WriteNumberValue(-0.0);
    }
}
