-- Events after position $1 and through position $2, of stream $3 and type $4 only where these are not null, in their order.
select seq_id, stream_id, version, type, timestamp, data
from mt_events
where seq_id > $1 and seq_id <= $2 and ($3::varchar is null or stream_id = $3) and ($4::varchar is null or type = $4)
order by seq_id
