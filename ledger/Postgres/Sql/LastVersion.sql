select coalesce(max(version), 0) from mt_events where stream_id = $1 and ${type}
