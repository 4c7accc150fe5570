-- What did not leave is still there.
insert into mt_events (seq_id, id, stream_id, version, data, type, timestamp, correlation_id, causation_id)
select seq_id, id, stream_id, version, data, type, timestamp, correlation_id, causation_id
from tl_attaching
where tl_is_archivable(type)
order by seq_id
