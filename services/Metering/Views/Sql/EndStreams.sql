update usage_streams set ended = true where not ended and request_id = any($1)
