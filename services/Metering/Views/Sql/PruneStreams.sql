delete from usage_streams where touched_at < $1
