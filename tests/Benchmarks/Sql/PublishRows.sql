-- The ledger's head, the sequence and the versions of streams $2, as they are after rows up to position $1 were copied in.
with head as (
    update tl_head set position = $1 returning setval('mt_events_sequence', position)
)
update mt_streams set version = written.version
from unnest($2::varchar[], $3::bigint[]) as written (id, version), head
where mt_streams.id = written.id and written.version > 0
