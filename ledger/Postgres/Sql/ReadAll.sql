-- ${types} is a condition on the type in literals, never parameters, so that the planner may use an index that holds some types only.
select seq_id, stream_id, version, id, type, timestamp, data, correlation_id, causation_id
from mt_events
where seq_id > $1 and ($3 is null or stream_id = $3) and ${types}
order by seq_id
limit $2
