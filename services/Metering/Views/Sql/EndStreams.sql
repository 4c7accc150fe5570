update usage_streams as stream set ended = true
from unnest($1::text[], $2::uuid[]) as usage (pool, request_id)
where not stream.ended and stream.pool = usage.pool and stream.request_id = usage.request_id
