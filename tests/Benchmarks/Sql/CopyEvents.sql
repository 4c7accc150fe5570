copy mt_events (seq_id, id, stream_id, version, data, type, timestamp, correlation_id, causation_id) from stdin (format binary)
