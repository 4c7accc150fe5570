-- A checkpoint never moves back.
insert into mt_event_progression (name, last_seq_id) values ($1, $2)
on conflict (name) do update set last_seq_id = excluded.last_seq_id, last_updated = transaction_timestamp()
where mt_event_progression.last_seq_id < excluded.last_seq_id
