using Npgsql;
using TokenLedger.Ledger;

namespace TokenLedger.Tests;

/// <summary>Marten opens this ledger, so its columns, indexes and keys are a promise.</summary>
public sealed class MartenLayoutTests(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncLifetime
{
    private NpgsqlDataSource _source = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _source = await database.OpenLedgerAsync(Ct);

    public ValueTask DisposeAsync() => _source.DisposeAsync();

    [Theory]
    [InlineData("mt_streams",
        """
        id character varying NO -
        type character varying YES -
        version bigint NO -
        timestamp timestamp with time zone NO -
        created timestamp with time zone NO -
        tenant_id character varying YES '*DEFAULT*'::character varying
        is_archived boolean YES false
        """)]
    [InlineData("mt_events",
        """
        seq_id bigint NO -
        id uuid NO -
        stream_id character varying NO -
        version bigint NO -
        data jsonb NO -
        bdata bytea YES -
        type character varying(500) NO -
        timestamp timestamp with time zone NO -
        tenant_id character varying YES '*DEFAULT*'::character varying
        mt_dotnet_type character varying YES -
        is_archived boolean YES false
        correlation_id character varying YES -
        causation_id character varying YES -
        headers jsonb YES -
        """)]
    [InlineData("mt_event_progression",
        """
        name character varying NO -
        last_seq_id bigint YES -
        last_updated timestamp with time zone YES transaction_timestamp()
        """)]
    public async Task Has_the_columns_that_Marten_expects(string table, string expected)
    {
        const string sql = """
            select concat_ws(' ', column_name, data_type || coalesce('(' || character_maximum_length || ')', ''), is_nullable, coalesce(column_default, '-'))
            from information_schema.columns where table_schema = current_schema() and table_name = $1 order by ordinal_position
            """;
        Assert.Equal(expected.ReplaceLineEndings("\n").Split('\n'), await ColumnAsync(sql, table));
    }

    [Fact]
    public async Task Has_the_keys_and_indexes_that_Marten_expects()
    {
        Assert.Equal(
            ["idx_mt_events_event_id (id)", "pk_mt_events_stream_and_version (stream_id, version)", "pkey_mt_events_seq_id (seq_id)"],
            await ColumnAsync("select indexname || substring(indexdef from ' \\(.*$') from pg_indexes where schemaname = current_schema() and tablename = $1 and indexdef like 'CREATE UNIQUE%' order by 1", "mt_events"));
        Assert.Equal(["FOREIGN KEY (stream_id) REFERENCES mt_streams(id)"], await ColumnAsync("select pg_get_constraintdef(oid) from pg_constraint where connamespace = current_schema()::regnamespace and conname = $1", "fkey_mt_events_stream_id"));
    }

    /// <summary>Marten's statements name them: progress is recorded "on conflict on constraint pk_mt_event_progression".</summary>
    [Theory]
    [InlineData("mt_streams", "pkey_mt_streams_id PRIMARY KEY (id)")]
    [InlineData("mt_events", "pkey_mt_events_seq_id PRIMARY KEY (seq_id)")]
    [InlineData("mt_event_progression", "pk_mt_event_progression PRIMARY KEY (name)")]
    public async Task Has_the_primary_keys_by_the_names_that_Marten_gives_them(string table, string expected) =>
        Assert.Equal([expected], await ColumnAsync("select conname || ' ' || pg_get_constraintdef(oid) from pg_constraint where conrelid = $1::regclass and contype = 'p'", table));

    [Fact]
    public async Task Has_a_sequence_that_belongs_to_the_position() =>
        Assert.EndsWith(".mt_events_sequence", Assert.Single(await ColumnAsync("select pg_get_serial_sequence($1, 'seq_id')", "mt_events")), StringComparison.Ordinal);

    [Fact]
    public async Task Leaves_to_defaults_and_null_what_only_Marten_writes()
    {
        await new PostgresLedger(_source).AppendAsync("a", 0, Facts.Capacities(2), Ct);
        const string events = "select concat_ws(' ', tenant_id, is_archived, coalesce(mt_dotnet_type, '-'), coalesce(bdata::text, '-'), coalesce(headers::text, '-')) from mt_events where stream_id = $1";
        Assert.Equal(["*DEFAULT* f - - -", "*DEFAULT* f - - -"], await ColumnAsync(events, "a"));
        Assert.Equal(["*DEFAULT* f -"], await ColumnAsync("select concat_ws(' ', tenant_id, is_archived, coalesce(type, '-')) from mt_streams where id = $1", "a"));
    }

    [Fact]
    public async Task Keeps_the_sequence_at_the_head()
    {
        var ledger = new PostgresLedger(_source);
        await ledger.AppendAsync("a", 0, Facts.Capacities(3), Ct);
        await ledger.AppendAsync("b", 0, Facts.Capacities(4), Ct);
        Assert.Equal(7, await SequenceAsync());
    }

    /// <summary>Marten's daemon takes a sequence behind its own mark for damage, so it may run ahead after a rollback but never lag.</summary>
    [Fact]
    public async Task Brings_the_sequence_back_to_the_head_with_the_append_after_one_that_was_rolled_back()
    {
        var (ledger, known) = (new PostgresLedger(_source), Facts.Capacity(1));
        await ledger.AppendAsync("a", 0, [known], Ct);
        await Assert.ThrowsAsync<DuplicateEventException>(() => ledger.AppendAsync("a", 1, [.. Facts.Capacities(40), known], Ct));
        Assert.InRange(await SequenceAsync(), await ledger.HeadAsync(Ct), 42);
        await ledger.AppendAsync("a", 1, Facts.Capacities(2), Ct);
        Assert.Equal((3, 3), (await ledger.HeadAsync(Ct), await SequenceAsync()));
    }

    [Theory]
    [InlineData("update mt_events set version = version")]
    [InlineData("delete from mt_events")]
    [InlineData("truncate mt_events")]
    public async Task Refuses_to_change_what_is_recorded(string sql)
    {
        await new PostgresLedger(_source).AppendAsync("a", 0, Facts.Capacities(1), Ct);
        await using var command = _source.CreateCommand(sql);
        var refused = await Assert.ThrowsAsync<PostgresException>(() => command.ExecuteNonQueryAsync(Ct));
        Assert.Contains("append-only", refused.MessageText, StringComparison.Ordinal);
    }

    private async Task<long> SequenceAsync()
    {
        await using var command = _source.CreateCommand("select last_value from mt_events_sequence");
        return (long)(await command.ExecuteScalarAsync(Ct))!;
    }

    private async Task<List<string>> ColumnAsync(string sql, string parameter)
    {
        await using var command = _source.CreateCommand(sql);
        command.Parameters.Add(new() { Value = parameter });
        await using var reader = await command.ExecuteReaderAsync(Ct);
        List<string> values = [];
        while (await reader.ReadAsync(Ct)) values.Add(reader.GetString(0));
        return values;
    }
}
