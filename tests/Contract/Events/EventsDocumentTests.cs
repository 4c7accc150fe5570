namespace TokenLedger.Tests.Contract;

public sealed class EventsDocumentTests
{
    [Fact]
    public void Describes_the_events_as_they_are() => Snapshot.Text(Repository.PathOf("docs/events.md"), EventsDocument.Write());
}
