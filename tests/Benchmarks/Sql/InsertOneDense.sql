-- The same with a dense position: it comes from the head's row, which this transaction holds until it commits.
with stream as (
    update mt_streams set version = version + 1, timestamp = $5 where id = $1 returning version
), head as (
    update tl_head set position = position + 1 where exists (select from stream) returning position
)
insert into mt_events (seq_id, id, stream_id, version, data, type, timestamp, correlation_id)
select position, $2, $1, version, $3, $4, $5, $6 from stream, head
