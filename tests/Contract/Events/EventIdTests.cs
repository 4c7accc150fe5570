using TokenLedger.Contracts;

namespace TokenLedger.Tests.Contract;

/// <summary>Ids of facts are computed again by every later version to find what an earlier one recorded: these vectors never change.</summary>
public sealed class EventIdTests
{
    [Theory]
    [InlineData("chat", "1b7f4e1f-e9d4-8559-9894-87cb5723e0f5")]
    [InlineData("chat-2", "56d49f6f-0070-84b9-b287-9222145c99e1")]
    public void Identifies_an_admission_by_pool_and_request(string pool, string id) =>
        Assert.Equal(Guid.Parse(id), EventIds.Admission(new(pool), EventExamples.Request));

    [Theory]
    [InlineData("gateway-1", "1", "e8660146-463d-82db-9a5c-3cfdad274a85")]
    [InlineData("a", "bc", "69dabefb-c8dc-8972-a437-b2b077fc3f2f")]
    [InlineData("ab", "c", "4680cd64-df01-8708-899f-f1f871b6b1b4")]
    [InlineData("", "", "12fd3aff-a850-80ac-988e-60c8082fa55c")]
    [InlineData("urn:gw:🚀", "ä:1", "27d3500f-8f2e-8c8c-9f8d-6280bd923e2f")]
    [InlineData("1:a", "b", "1394fe27-e2f5-8fe0-aa3f-f72f7b01e188")]
    [InlineData("1", "a1:b", "ee90e276-b572-8785-b0dd-8ccd9d1e1dc5")]
    public void Identifies_usage_by_source_and_event(string source, string eventId, string id) =>
        Assert.Equal(Guid.Parse(id), EventIds.Usage(source, eventId));

    /// <summary>Every way to cut these texts in two is another fact, however much they look like the encoding itself.</summary>
    [Theory]
    [InlineData("abcabcabc")]
    [InlineData("1:1:1:1:1:1:")]
    [InlineData("5:usage1:a2:bc")]
    [InlineData("\u0000\u0000\u0000")]
    public void Gives_every_division_of_a_text_its_own_id(string text) =>
        Assert.Distinct(Enumerable.Range(0, text.Length + 1).Select(cut => EventIds.Usage(text[..cut], text[cut..])));

    [Fact]
    public void Marks_ids_as_UUIDs_of_version_8()
    {
        var ids = Enumerable.Range(0, 100).Select(n => EventIds.Usage("gateway", $"{n}"));
        Assert.All(ids, id => Assert.Matches("^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$", id.ToString()));
    }

    [Fact]
    public void Ignores_the_case_in_which_a_request_id_came() =>
        Assert.Equal(EventIds.Admission(EventExamples.Pool, EventExamples.Request), EventIds.Admission(EventExamples.Pool, RequestId.Parse(EventExamples.Request.ToString().ToUpperInvariant())));
}
