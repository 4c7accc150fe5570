create temp table tl_attaching (
    seq_id bigint, id uuid, stream_id varchar, version bigint, data jsonb, type varchar, timestamp timestamptz, correlation_id varchar, causation_id varchar
) on commit drop
