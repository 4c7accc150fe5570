using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using TokenLedger.Ledger.Sealing;

namespace TokenLedger.Tests.Unit.Sealing;

/// <summary>Equal values become equal bytes. That PostgreSQL's jsonb gives the same is tested with the server.</summary>
public sealed class CanonicalFormTests
{
    [Theory]
    [InlineData("""{ "b" : 1, "a" : [ true , false , null ] }""", """{"a":[true,false,null],"b":1}""")]
    [InlineData("""{"aa":1,"b":2,"a":3}""", """{"a":3,"aa":1,"b":2}""")]
    [InlineData("""{"é":1,"z":2,"Z":3,"":4,"😀":5,"\uFFFD":6}""", """{"":4,"Z":3,"z":2,"é":1,"�":6,"😀":5}""")]
    [InlineData("""{"a\"":1,"a!":2,"a#":3}""", """{"a!":2,"a\"":1,"a#":3}""")]
    [InlineData("""{"x":{"d":{},"c":[]},"w":""}""", """{"w":"","x":{"c":[],"d":{}}}""")]
    [InlineData("""["\u0041\u00e9\ud83d\ude00\/\u003c"]""", """["Aé😀/<"]""")]
    [InlineData("""["\b\t\n\f\r\"\\\u0001\u001F\u007f"]""", "[\"\\b\\t\\n\\f\\r\\\"\\\\\\u0001\\u001f\u007f\"]")]
    [InlineData(" 7 ", "7")]
    public void Writes_the_one_form(string json, string canonical) => Assert.Equal(canonical, Canonical(json));

    [Theory]
    [InlineData("0", "0")]
    [InlineData("-0", "0")]
    [InlineData("-0.0", "0")]
    [InlineData("0.00", "0")]
    [InlineData("0e5", "0")]
    [InlineData("-0E-5", "0")]
    [InlineData("1.0", "1")]
    [InlineData("1.50", "1.5")]
    [InlineData("100", "100")]
    [InlineData("100.0", "100")]
    [InlineData("1E-05", "0.00001")]
    [InlineData("1E+22", "10000000000000000000000")]
    [InlineData("12.5e1", "125")]
    [InlineData("12.5e+2", "1250")]
    [InlineData("12.5e-1", "1.25")]
    [InlineData("-12.5e-3", "-0.0125")]
    [InlineData("0.001e3", "1")]
    [InlineData("0.00120e1", "0.012")]
    [InlineData("9223372036854775807", "9223372036854775807")]
    [InlineData("-9223372036854775808", "-9223372036854775808")]
    [InlineData("0.1", "0.1")]
    [InlineData("5E-324", "0.", 323)]
    public void Writes_numbers_as_plain_decimals(string number, string expected, int zeros = 0) =>
        Assert.Equal(zeros == 0 ? expected : expected + new string('0', zeros) + "5", Canonical(number));

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("1 2")]
    [InlineData("""{"a":1,"a":1}""")]
    [InlineData("""{"a":1,"\u0061":2}""")]
    [InlineData("""["\ud800"]""")]
    [InlineData("""{"\ud800":1}""")]
    [InlineData("1e999999999")]
    [InlineData("1e99999999999999999999")]
    [InlineData("1e-150000")]
    [InlineData("01")]
    [InlineData("NaN")]
    public void Refuses_what_has_none(string json) => Assert.Throws<CanonicalFormException>(() => Canonical(json));

    [Fact]
    public void Refuses_a_key_given_twice_among_many() =>
        Assert.Throws<CanonicalFormException>(() => Canonical("{" + string.Join(',', Enumerable.Range(0, 500).Append(250).Select(n => $"\"{n}\":{n}")) + "}"));

    [Fact]
    public void Orders_many_keys_as_few() =>
        Assert.Equal(
            "{" + string.Join(',', Enumerable.Range(0, 500).Select(n => $"\"{n}\":{n}").OrderBy(member => member.Split(':')[0].Trim('"'), StringComparer.Ordinal)) + "}",
            Canonical("{" + string.Join(", ", Enumerable.Range(0, 500).Reverse().Select(n => $"\"{n}\" : {n}.0")) + "}"));

    [Fact]
    public void Writes_every_double_as_the_value_it_is() => Check.One(Config.QuickThrowOnFailure.WithMaxTest(2_000), Prop.ForAll(ArbMap.Default.ArbFor<NormalFloat>(), number =>
    {
        var text = Canonical(JsonSerializer.Serialize(number.Get));
        Assert.False(text.Contains('e', StringComparison.OrdinalIgnoreCase), text);
        Assert.False(text.Contains('.', StringComparison.Ordinal) && text[^1] == '0', text);
        Assert.Equal(number.Get == 0 ? 0 : number.Get, double.Parse(text, CultureInfo.InvariantCulture));
    }));

    /// <summary>However a value is written, its form is one, and has the value.</summary>
    [Fact]
    public void Does_not_depend_on_how_the_value_was_written() => Check.One(Config.QuickThrowOnFailure.WithMaxTest(1_000), Prop.ForAll(ArbMap.Default.ArbFor<Dictionary<NonNull<string>, string[]>>(), value =>
    {
        var node = new JsonObject(value.Select(pair => KeyValuePair.Create(Whole(pair.Key.Get), (JsonNode?)new JsonArray([.. (pair.Value ?? []).Select(text => (JsonNode?)Whole(text ?? ""))]))).DistinctBy(pair => pair.Key));
        var turned = new JsonObject(node.Reverse().Select(pair => KeyValuePair.Create(pair.Key, pair.Value?.DeepClone())));
        var relaxed = new JsonSerializerOptions { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        var form = Canonical(node.ToJsonString());
        Assert.Equal(form, Canonical(turned.ToJsonString(relaxed)));
        Assert.Equal(form, Canonical(form));
        Assert.True(JsonNode.DeepEquals(node, JsonNode.Parse(form)));
    }));

    // Half a character has no UTF-8.
    private static string Whole(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));

    private static string Canonical(string json)
    {
        var buffer = new CanonicalBuffer();
        new CanonicalJson(buffer).Append(Encoding.UTF8.GetBytes(json));
        return Encoding.UTF8.GetString(buffer.Written);
    }
}
