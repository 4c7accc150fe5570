select seq_id, stream_id, version, id, type, timestamp, data, correlation_id, causation_id
from mt_events
where id = any ($1)
union all
select seq_id, stream_id, version, id, type, timestamp, data, correlation_id, causation_id
from tl_archived_facts
where id = any ($1)
