copy (
    -- ${after} and ${through} are numbers: COPY takes no parameters. The columns are those that EventRowReader knows, in its order.
    select seq_id, stream_id, version, id, type, timestamp, data, correlation_id, causation_id
    from mt_events
    where seq_id > ${after} and seq_id <= ${through}
    order by seq_id
) to stdout (format binary)
