using System.Text;
using TokenLedger.Ledger.Sealing;

namespace TokenLedger.Tests.Unit.Sealing;

/// <summary>What a template writes is what the parser would have written; what it does not fit is left to the parser.</summary>
public sealed class CanonicalTemplateTests
{
    private static readonly string[] s_values =
    [
        "0", "-0", "7", "-7", "10", "01", "-", "+1", "0.5", "-0.5", "-0.0", "00.5", "1.50", "1.", ".5", "1.5.5", "1e5", "1E-05", "1.5e3", "9223372036854775808", "0x1", "1_0", "١",
        "true", "false", "null", "True", "nulll", "nul", "{}", "[]", "[1]", "", " ", " 1", "1 ", "1,2",
        "\"\"", "\"a\"", "\"é😀\"", "\"a\\\"b\"", "\"\\u0041\"", "\"\\/\"", "\"\\ud800\"", "\"a\nb\"", "\"\u007f\"", "\"a", "a\"", "'a'", "\"a\"b\"", "\"a\":1", "\"a\", \"zz\": \"b\"",
    ];

    [Fact]
    public void Writes_what_the_parser_writes_or_nothing()
    {
        var random = new Random(20_261_120);
        var (fitting, others) = (0, 0);
        for (var round = 0; round < 2_000; round++)
        {
            var (spaced, next) = (random.Next(2) == 0, 0);
            var learned = Document(random.Next(), spaced, () => next++.ToString());
            var template = CanonicalTemplate.Of(Utf8(learned))!;
            var seed = random.Next();
            foreach (var seen in new[] { learned, Edited(learned, random), Document(seed, spaced, () => random.GetItems(s_values, 1)[0]) })
            {
                var target = new CanonicalBuffer();
                if (template.TryAppend(Utf8(seen), target)) fitting++;
                else others++;
                Assert.Equal(target.Length == 0 ? "" : Parsed(seen), Encoding.UTF8.GetString(target.Written));
            }
        }
        Assert.True(fitting > 2_000 && others > 500, $"{fitting} texts fitted and {others} did not: this shows little.");
    }

    [Fact]
    public void Fits_any_value_that_stands_as_it_must()
    {
        var template = CanonicalTemplate.Of("""{"b": 1, "a": {"c": [true, "x"]}}"""u8)!;
        var fits = s_values.Where(value => template.TryAppend(Utf8($$$"""{"b": {{{value}}}, "a": {"c": [{{{value}}}, "y"]}}"""), new()));
        Assert.Equal(["0", "7", "-7", "10", "0.5", "-0.5", "9223372036854775808", "true", "false", "null", "\"\"", "\"a\"", "\"é😀\"", "\"\u007f\""], fits);
    }

    [Fact]
    public void Puts_the_members_in_their_order()
    {
        var target = new CanonicalBuffer();
        Assert.True(CanonicalTemplate.Of("""{"b": 1, "a": {"\u0063": [true, "x"]}}"""u8)!.TryAppend("""{"b": "2", "a": {"\u0063": [3, null]}}"""u8, target));
        Assert.Equal("""{"a":{"c":[3,null]},"b":"2"}""", Encoding.UTF8.GetString(target.Written));
    }

    [Fact]
    public void Is_not_made_for_more_values_than_it_can_hold() => Assert.Null(CanonicalTemplate.Of(Utf8($"[{string.Join(',', Enumerable.Range(0, 65))}]")));

    /// <summary>Texts of so many shapes that templates are made, used and given up for others.</summary>
    [Fact]
    public void Changes_nothing_however_often_shapes_change()
    {
        var buffer = new CanonicalBuffer();
        var json = new CanonicalJson(buffer);
        var random = new Random(7);
        for (var i = 0; i < 20_000; i++)
        {
            var text = Document(random.Next(i / 400), spaced: true, () => random.GetItems(["1", "-2.5", "\"a\"", "\"\\n\"", "null", "1.0"], 1)[0]);
            buffer.Clear();
            json.Append(Utf8(text));
            Assert.Equal(Parsed(text), Encoding.UTF8.GetString(buffer.Written));
        }
    }

    /// <summary>The same seed gives the same text but for its values.</summary>
    private static string Document(int seed, bool spaced, Func<string> value)
    {
        var text = new StringBuilder();
        Write(new(seed), text, spaced ? " " : "", value, depth: 0);
        return text.ToString();
    }

    private static void Write(Random shape, StringBuilder text, string space, Func<string> value, int depth)
    {
        var kind = depth > 2 ? 2 : shape.Next(depth == 0 ? 2 : 4);
        if (kind > 1)
        {
            text.Append(value());
            return;
        }
        string[] keys = ["b", "a", "é", "", "aa", "z\\\"", "\\u0063", "B"];
        shape.Shuffle(keys);
        text.Append("{["[kind]);
        for (var i = 0; i < shape.Next(5); i++)
        {
            if (i > 0) text.Append(',').Append(space);
            if (kind == 0) text.Append('"').Append(keys[i]).Append("\":").Append(space);
            Write(shape, text, space, value, depth + 1);
        }
        text.Append("}]"[kind]);
    }

    private static string Edited(string text, Random random)
    {
        var at = random.Next(text.Length);
        var inserted = random.GetItems(["", "\"", ",", "0", "-", " ", "{", "]", "é", "\\"], 1)[0];
        return text[..at] + inserted + text[(at + random.Next(2))..];
    }

    private static string Parsed(string text)
    {
        var target = new CanonicalBuffer();
        new CanonicalJson(target).AppendParsed(Utf8(text));
        return Encoding.UTF8.GetString(target.Written);
    }

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);
}
