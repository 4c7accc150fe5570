using TokenLedger.Contracts;

namespace TokenLedger.Tests.Contract;

/// <summary>Rules of the catalogue of events.</summary>
public sealed class EventCatalogueTests
{
    /// <summary>Names that others rely on: stream, writer, then what that writes there.</summary>
    private static readonly (string Stream, string Writer, string[] Names)[] s_promised =
    [
        ("pool-{pool}", "Admission",
        [
            "pool-opened.v1", "pool-reconfigured.v1", "entitlement-granted.v1", "entitlement-amended.v1", "entitlement-revoked.v1", "entitlement-state-changed.v1",
            "key-issued.v1", "key-revoked.v1", "request-admitted.v1", "request-denied.v1", "requests-denied.v1", "request-queued.v1", "wait-abandoned.v1",
            "prefill-released.v1", "reservation-renewed.v1", "reservation-settled.v1", "settlement-deferred.v1", "reservation-released.v1", "reservation-expired.v1", "reservation-evicted.v1", "limits-applied.v1", "budget-exhausted.v1",
        ]),
        ("usage-{pool}", "Metering", ["tokens-consumed.v1", "tokens-streamed.v1", "usage-corrected.v1"]),
        ("usage-_prices", "Metering", ["price-set.v1"]),
        ("usage-_periods", "Metering", ["billing-period-closed.v1"]),
        ("usage-_budgets", "Metering", ["budget-threshold-reached.v1"]),
        ("usage-_statements", "Metering", ["statement-issued.v1"]),
        ("fairness-{pool}", "Fairness", ["limits-adjusted.v1"]),
        ("fleet-{pool}", "Autoscaler", ["capacity-changed.v1"]),
        ("operators", "Admission", ["operator-key-issued.v1", "operator-key-revoked.v1"]),
    ];

    /// <summary>What is written for each request makes the ledger grow: an archive takes all of it out.</summary>
    [Fact]
    public void Archives_every_event_of_a_request()
    {
        var schema = File.ReadAllText(Repository.PathOf("ledger/Postgres/Schema/006-archived-usage.sql"));
        Assert.All(EventCatalogue.Kinds.Where(kind => kind.Type.GetProperty("Request") is not null), kind => Assert.Contains($"'{kind.WireName}'", schema, StringComparison.Ordinal));
    }

    [Fact]
    public void Keeps_every_promised_name_stream_and_writer() =>
        Assert.All(s_promised.SelectMany(group => group.Names.Select(name => (name, group.Stream, group.Writer))), promise =>
        {
            Assert.True(EventCatalogue.TryFind(promise.name, out var kind), promise.name);
            Assert.Equal((promise.Stream, promise.Writer), (kind.Stream, kind.Writer));
        });

    [Fact]
    public void Names_events_in_kebab_case_with_a_version() =>
        Assert.All(EventCatalogue.Kinds, kind => Assert.Matches("^[a-z]+(-[a-z]+)*\\.v[1-9][0-9]*$", kind.WireName));

    [Fact]
    public void Names_events_after_their_types() =>
        Assert.All(EventCatalogue.Kinds, kind => Assert.Equal(kind.Type.Name, string.Concat(kind.WireName.Split('.')[0].Split('-').Select(word => char.ToUpperInvariant(word[0]) + word[1..]))));

    [Fact]
    public void Uses_a_name_and_a_type_once()
    {
        Assert.Distinct(EventCatalogue.Kinds.Select(kind => kind.WireName));
        Assert.Distinct(EventCatalogue.Kinds.Select(kind => kind.Type));
    }

    [Fact]
    public void Holds_every_event_type_there_is()
    {
        var types = typeof(ILedgerEvent).Assembly.GetTypes().Where(type => !type.IsInterface && type.IsAssignableTo(typeof(ILedgerEvent)));
        Assert.Equal(types.OrderBy(type => type.Name, StringComparer.Ordinal), EventCatalogue.Kinds.Select(kind => kind.Type).OrderBy(type => type.Name, StringComparer.Ordinal));
    }

    [Fact]
    public void Gives_every_stream_one_writer() =>
        Assert.All(EventCatalogue.Kinds.GroupBy(kind => kind.Stream), stream => Assert.Single(stream.Select(kind => kind.Writer).Distinct()));

    [Fact]
    public void Says_in_a_sentence_what_each_event_means() =>
        Assert.All(EventCatalogue.Kinds, kind => Assert.Matches("^[A-Z].*\\.$", kind.Meaning));

    [Fact]
    public void Names_streams_as_documented()
    {
        var pool = EventExamples.Pool;
        Assert.Equal(["pool-chat", "usage-chat", "usage", "fairness-chat", "fleet-chat", "operators"],
            [Streams.Pool(pool), Streams.Usage(pool), Streams.Usage(null), Streams.Fairness(pool), Streams.Fleet(pool), Streams.Operators]);
    }

    /// <summary>Sealed records without settable state, so that a fact cannot change on its way.</summary>
    [Fact]
    public void Makes_every_event_a_sealed_record() =>
        Assert.All(EventCatalogue.Kinds, kind => Assert.True(kind.Type is { IsSealed: true, IsPublic: true } && kind.Type.IsAssignableTo(typeof(IEquatable<>).MakeGenericType(kind.Type)), kind.WireName));
}
