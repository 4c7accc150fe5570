-- Moves a stream from version $2 by $3 events at time $4 and takes their positions; no row when the stream is at another version.
-- The stream's row is locked before the head's, by every appender, and the head's last of all: the head is what all streams share.
-- setval is not undone by a rollback, so until the next append the sequence may run ahead of the head, as Marten's own does after a failed save;
-- it is never behind, and cannot be overtaken because the head's row is held.
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
)
select position - $3 + 1, setval('mt_events_sequence', position) from head
