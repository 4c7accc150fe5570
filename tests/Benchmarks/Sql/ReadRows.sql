select seq_id, stream_id, version, type, timestamp, data from mt_events where $1::varchar is null or type = $1 order by seq_id
