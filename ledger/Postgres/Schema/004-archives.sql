-- Old books that were taken out into files. docs/decisions/0012-archived-books.md says what leaves, what stays, and why.
-- What proves the files stays here: the hash of every event (tl_tiles) and the signed checkpoints.

-- Which ranges of positions were taken out. They follow one another from position 1 without a gap.
create table tl_archives (
    first_position bigint      not null primary key check (first_position > 0),
    last_position  bigint      not null unique check (last_position >= first_position),
    attached       boolean     not null default false,
    changed_at     timestamptz not null default transaction_timestamp()
);

-- The last event of each type that left with an archive: a reader of types that did not leave misses nothing.
create table tl_archived_types (
    archive       bigint       not null references tl_archives (last_position),
    type          varchar(500) not null,
    last_position bigint       not null,
    primary key (archive, type)
);

-- An id is good for ever: facts with a key of their own are kept, whole, with the one index that finds them.
create table tl_archived_facts (
    id             uuid         not null constraint pkey_tl_archived_facts_id primary key,
    seq_id         bigint       not null,
    stream_id      varchar      not null,
    version        bigint       not null,
    type           varchar(500) not null,
    timestamp      timestamptz  not null,
    data           jsonb        not null,
    correlation_id varchar      null,
    causation_id   varchar      null
);

-- What leaves. Everything else is small and read from the beginning at every start: pools, entitlements, keys, capacity, ticks.
create function tl_is_archivable(type varchar) returns boolean language sql immutable as
$$
    select type in ('request-admitted.v1', 'request-denied.v1', 'requests-denied.v1', 'request-queued.v1', 'wait-abandoned.v1',
                    'prefill-released.v1', 'reservation-renewed.v1',
                    'reservation-settled.v1', 'settlement-deferred.v1', 'reservation-released.v1', 'reservation-expired.v1',
                    'reservation-evicted.v1', 'limits-applied.v1', 'books-carried-forward.v1', 'tokens-consumed.v1')
$$;

-- What is recorded stays as it was: rows are deleted where an archive has them, and in no other way.
create function tl_refuse_deletion() returns trigger language plpgsql as
$$
begin
    if exists (
        select from gone
        where not tl_is_archivable(gone.type)
           or not exists (select from tl_archives a where gone.seq_id between a.first_position and a.last_position and not a.attached))
    then
        raise exception 'the ledger is append-only: % on % is refused', tg_op, tg_table_name;
    end if;
    return null;
end
$$;

drop trigger tl_mt_events_append_only on mt_events;

create trigger tl_mt_events_append_only before update or truncate on mt_events
    for each statement execute function tl_refuse_change();

create trigger tl_mt_events_archived_only after delete on mt_events referencing old table as gone
    for each statement execute function tl_refuse_deletion();

-- Takes a range out that is the next one, or was attached again. The caller has compared the file with the sealed hashes. Answers how many rows left.
create function tl_drop_archive(first bigint, last bigint) returns bigint language plpgsql as
$$
declare
    blocker varchar;
    dropped bigint;
begin
    lock table tl_archives in share row exclusive mode;
    update tl_archives set attached = false, changed_at = transaction_timestamp() where first_position = first and last_position = last and attached;
    if not found then
        if first <> (select coalesce(max(last_position), 0) + 1 from tl_archives) then
            raise exception 'the archives end before position %: % is not the next', (select coalesce(max(last_position), 0) + 1 from tl_archives), first;
        end if;
        if last > coalesce((select max(size) from tl_checkpoints), 0) then
            raise exception 'no signed checkpoint covers position %', last;
        end if;
        select name into blocker from mt_event_progression where coalesce(last_seq_id, 0) < last order by name limit 1;
        if found then
            raise exception 'reader % has not come to position %', blocker, last;
        end if;
        -- A writer starts from its last opening: everything from there on stays.
        select s.id into blocker from mt_streams s
        where s.id like 'pool-%'
          and exists (select from mt_events e where e.stream_id = s.id and e.seq_id <= last)
          and not exists (select from mt_events e where e.stream_id = s.id and e.type = 'books-carried-forward.v1' and e.seq_id > last)
        order by s.id limit 1;
        if found then
            raise exception 'the books of % were not closed after position %', blocker, last;
        end if;
        insert into tl_archives (first_position, last_position) values (first, last);
        insert into tl_archived_types (archive, type, last_position)
        select last, type, max(seq_id) from mt_events where seq_id between first and last and tl_is_archivable(type) group by type;
    end if;
    insert into tl_archived_facts (id, seq_id, stream_id, version, type, timestamp, data, correlation_id, causation_id)
    select id, seq_id, stream_id, version, type, timestamp, data, correlation_id, causation_id from mt_events
    where seq_id between first and last and type in ('request-admitted.v1', 'tokens-consumed.v1');
    delete from mt_events where seq_id between first and last and tl_is_archivable(type);
    get diagnostics dropped = row_count;
    return dropped;
end
$$;
