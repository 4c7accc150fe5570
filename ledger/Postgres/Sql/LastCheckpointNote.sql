select size, note, created_at from tl_checkpoints order by size desc limit 1
