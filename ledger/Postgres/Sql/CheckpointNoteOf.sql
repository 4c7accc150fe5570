select size, note, created_at from tl_checkpoints where size = $1
