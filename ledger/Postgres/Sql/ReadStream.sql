select seq_id, stream_id, version, id, type, timestamp, data, correlation_id, causation_id
from mt_events
where stream_id = $1 and version > $2
order by version
limit $3
