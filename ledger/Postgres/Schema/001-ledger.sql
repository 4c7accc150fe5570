-- The ledger, in the layout of Marten (string stream ids), so that Marten opens it for queries and projections.
-- Tables called mt_* are Marten's; those called tl_* are ours alone.

create table mt_streams (
    id          varchar     not null constraint pkey_mt_streams_id primary key,
    type        varchar     null,
    version     bigint      not null check (version > 0),
    timestamp   timestamptz not null,
    created     timestamptz not null,
    tenant_id   varchar     default '*DEFAULT*',
    is_archived boolean     default false
);

create table mt_events (
    seq_id         bigint       not null constraint pkey_mt_events_seq_id primary key check (seq_id > 0),
    id             uuid         not null,
    stream_id      varchar      not null,
    version        bigint       not null check (version > 0),
    data           jsonb        not null,
    bdata          bytea        null,
    type           varchar(500) not null,
    timestamp      timestamptz  not null,
    tenant_id      varchar      default '*DEFAULT*',
    mt_dotnet_type varchar      null,
    is_archived    boolean      default false,
    correlation_id varchar      null,
    causation_id   varchar      null,
    headers        jsonb        null,
    constraint fkey_mt_events_stream_id foreign key (stream_id) references mt_streams (id)
);

create unique index pk_mt_events_stream_and_version on mt_events (stream_id, version);

-- One fact once, for ever.
create unique index idx_mt_events_event_id on mt_events (id);

-- Marten's daemon reads the head of the ledger here. Every append sets it, see AppendEvents.sql.
create sequence mt_events_sequence owned by mt_events.seq_id;

-- How far each reader has come: Marten's daemon ("HighWaterMark", "<projection>:All") and our own checkpoints.
create table mt_event_progression (
    name         varchar     not null constraint pk_mt_event_progression primary key,
    last_seq_id  bigint      null check (last_seq_id >= 0),
    last_updated timestamptz default transaction_timestamp()
);

-- The last position given out. The appending transaction updates this one row and so holds it until it commits:
-- positions have no gaps and become visible in their order.
create table tl_head (
    only_row boolean not null default true primary key check (only_row),
    position bigint  not null check (position >= 0)
);

insert into tl_head (position) values (0);

-- What is recorded stays as it was.
create function tl_refuse_change() returns trigger language plpgsql as
$$ begin raise exception 'the ledger is append-only: % on % is refused', tg_op, tg_table_name; end $$;

create trigger tl_mt_events_append_only before update or delete or truncate on mt_events
    for each statement execute function tl_refuse_change();
