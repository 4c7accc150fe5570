-- The indexes of the events but that of their positions: their names, and the statements that make them.
select indexname, indexdef from pg_indexes where schemaname = current_schema() and tablename = 'mt_events' and indexname <> 'pkey_mt_events_seq_id'
