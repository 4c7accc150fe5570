using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using TokenLedger.Contracts.Http;

namespace TokenLedger.Tests.Contract;

/// <summary>The JSON of every body of the API.</summary>
public sealed class HttpSnapshotTests
{
    public static TheoryData<string> Requests => [.. HttpExamples.Requests.Select(example => example.Name)];

    public static TheoryData<string> Answers => [.. HttpExamples.Answers.Select(example => example.Name)];

    public static TheoryData<string> StrictRequests => [.. HttpExamples.Requests.Where(example => JsonOf(example).Options.UnmappedMemberHandling == JsonUnmappedMemberHandling.Disallow).Select(example => example.Name)];

    [Theory, MemberData(nameof(Requests))]
    public void Takes(string name) => Snapshot.Json(Write(Find(name)), name);

    [Theory, MemberData(nameof(Answers))]
    public void Answers_with(string name) => Snapshot.Json(Write(Find(name)), name);

    [Theory, MemberData(nameof(Requests)), MemberData(nameof(Answers))]
    public void Reads_back_what_it_wrote(string name)
    {
        var json = Write(Find(name));
        var read = JsonSerializer.Deserialize(json, JsonOf(Find(name)))!;
        Assert.Equal(Encoding.UTF8.GetString(json), Encoding.UTF8.GetString(Write(Find(name) with { Value = read })));
    }

    [Theory, MemberData(nameof(StrictRequests))]
    public void Refuses_a_field_that_it_does_not_know(string name)
    {
        var body = JsonNode.Parse(Write(Find(name)))!.AsObject();
        body["unknown"] = 1;
        Assert.Contains("unknown", Assert.Throws<JsonException>(() => body.Deserialize(JsonOf(Find(name)))).Message, StringComparison.Ordinal);
    }

    /// <summary>The CloudEvents specification lets extension attributes stand beside the known ones.</summary>
    [Fact]
    public void Takes_a_cloud_event_with_extension_attributes()
    {
        var body = JsonNode.Parse(Write(Find(nameof(CloudEvent))))!.AsObject();
        body["traceparent"] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        Assert.Equal("evt-000041", body.Deserialize(CloudEventJson.Default.CloudEvent)!.Id);
    }

    [Fact]
    public void Has_an_example_of_every_body()
    {
        var shapes = new[] { typeof(HttpJson), typeof(CloudEventJson) }
            .SelectMany(context => context.GetCustomAttributesData())
            .Where(attribute => attribute.AttributeType == typeof(JsonSerializableAttribute))
            .Select(attribute => (Type)attribute.ConstructorArguments[0].Value!);
        Assert.Empty(shapes.Except(HttpExamples.Requests.Concat(HttpExamples.Answers).Select(example => example.Shape)));
    }

    private static HttpExample Find(string name) => HttpExamples.Requests.Concat(HttpExamples.Answers).Single(example => example.Name == name);

    private static JsonTypeInfo JsonOf(HttpExample example) => HttpJson.Default.GetTypeInfo(example.Shape) ?? CloudEventJson.Default.GetTypeInfo(example.Shape)!;

    private static byte[] Write(HttpExample example) => JsonSerializer.SerializeToUtf8Bytes(example.Value, JsonOf(example));
}
