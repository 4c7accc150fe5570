-- Interim reports and corrections are events of usage: they leave with it, and their ids stay.
create or replace function tl_is_archivable(type varchar) returns boolean language sql immutable as
$$
    select type in ('request-admitted.v1', 'request-denied.v1', 'requests-denied.v1', 'request-queued.v1', 'wait-abandoned.v1',
                    'prefill-released.v1', 'reservation-renewed.v1',
                    'reservation-settled.v1', 'settlement-deferred.v1', 'reservation-released.v1', 'reservation-expired.v1',
                    'reservation-evicted.v1', 'limits-applied.v1', 'books-carried-forward.v1', 'tokens-consumed.v1',
                    'tokens-streamed.v1', 'usage-corrected.v1')
$$;

-- The facts with a key of their own, which is good for ever.
create function tl_has_key(type varchar) returns boolean language sql immutable as
$$
    select type in ('request-admitted.v1', 'tokens-consumed.v1', 'tokens-streamed.v1', 'usage-corrected.v1')
$$;

-- As before, but for which facts are kept.
create or replace function tl_drop_archive(first bigint, last bigint) returns bigint language plpgsql as
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
    where seq_id between first and last and tl_has_key(type);
    delete from mt_events where seq_id between first and last and tl_is_archivable(type);
    get diagnostics dropped = row_count;
    return dropped;
end
$$;
