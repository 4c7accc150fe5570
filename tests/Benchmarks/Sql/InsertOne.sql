-- One event in a transaction of its own, on the stream of its connection: the next version, the next number of the sequence, the row.
with stream as (
    update mt_streams set version = version + 1, timestamp = $5 where id = $1 returning version
)
insert into mt_events (seq_id, id, stream_id, version, data, type, timestamp, correlation_id)
select nextval('mt_events_sequence'), $2, $1, version, $3, $4, $5, $6 from stream
