select request_id, input_tokens, cached_input_tokens, output_tokens, reasoning_tokens, reported_at, ended from usage_streams where pool = $1 and request_id = any($2)
