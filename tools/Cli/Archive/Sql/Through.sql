select coalesce(max(last_position), 0) from tl_archives where not attached
