update tl_archives set attached = true, changed_at = transaction_timestamp() where first_position = $1 and last_position = $2 and not attached
