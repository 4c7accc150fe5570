select size, note, created_at from tl_checkpoints where size > $1 order by size limit $2
