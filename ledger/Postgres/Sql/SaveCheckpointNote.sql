-- Two processes may sign the same head: the first note stays.
with used as (
    insert into tl_checkpoint_keys (key_id, name, public_key, first_used) values ($4, $5, $6, $3) on conflict do nothing
)
insert into tl_checkpoints (size, note, created_at) values ($1, $2, $3) on conflict (size) do nothing
