-- A checkpoint never moves back. It waits for no disk: if a crash of the server loses it, its reader reads a little again, as it must be able to anyway.
with quick as (
    select set_config('synchronous_commit', 'off', true)
)
insert into mt_event_progression (name, last_seq_id) select $1, $2 from quick
on conflict (name) do update set last_seq_id = excluded.last_seq_id, last_updated = transaction_timestamp()
where mt_event_progression.last_seq_id < excluded.last_seq_id
