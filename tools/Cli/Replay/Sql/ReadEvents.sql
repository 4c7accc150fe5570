-- Events after position $1 and through position $2, of stream $3 and type $4 only where these are not null, in their order.
-- Where $5 is not null, only events of streams that begin with it come with their data: making text of the others would cost most of what they cost.
select seq_id, stream_id, version, type, timestamp, case when $5::varchar is null or starts_with(stream_id, $5) then data end
from mt_events
where seq_id > $1 and seq_id <= $2 and ($3::varchar is null or stream_id = $3) and ($4::varchar is null or type = $4)
order by seq_id
