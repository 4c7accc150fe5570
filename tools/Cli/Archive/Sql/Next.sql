select coalesce(max(last_position), 0) + 1 from tl_archives
