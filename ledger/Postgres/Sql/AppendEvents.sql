-- Appends $3 events to stream $1, all with one statement that is also the transaction; no row, and no event, when the stream is not at version $2. $4 is the time of the last.
-- The stream's row is locked before the head's, by every appender, and the head's last of all: the head is what all streams share, and it is held until the commit.
-- setval is not undone by a rollback, so until the next append the sequence may run ahead of the head, as Marten's own does after a failed save;
-- it is never behind, and cannot be overtaken because the head's row is held.
-- The columns come out of subqueries so that the planner does not see how long they are: one plan then serves every batch, where it would make one for each.
with opened as (
    insert into mt_streams (id, version, timestamp, created)
    select $1, $3, $4, $4 where $2 = 0
    on conflict (id) do nothing
    returning id
), advanced as (
    update mt_streams set version = version + $3, timestamp = $4
    where id = $1 and version = $2 and $2 > 0
    returning id
), stream as (
    select id from opened union all select id from advanced
), head as (
    update tl_head set position = position + $3
    where exists (select from stream)
    returning position
), recorded as (
    insert into mt_events (seq_id, id, stream_id, version, data, type, timestamp, correlation_id, causation_id)
    select position - $3 + e.n, e.id, $1, $2 + e.n, e.data, e.type, e.timestamp, e.correlation_id, e.causation_id
    from head, unnest((select $5), (select $6), (select $7), (select $8), (select $9), (select $10)) with ordinality as e (id, data, type, timestamp, correlation_id, causation_id, n)
    returning seq_id
)
select position - $3 + 1, setval('mt_events_sequence', position), tl_refuse_archived($5)
from head cross join (select count(*) from recorded) as written
