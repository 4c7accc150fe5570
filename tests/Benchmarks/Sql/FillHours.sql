-- The hours that usage in a range of time leaves behind: $3 tenants on two pools, each with $4 events an hour and pool, at every hour from $1 to before $2.
insert into usage_hourly (hour, tenant, pool, entitlement, model, requests, input_tokens, cached_input_tokens, output_tokens, reasoning_tokens, cost_micros)
select hour, 'tenant-' || tenant, 'pool-' || pool, 'entitlement-' || tenant, 'model-' || pool, $4, $4 * 1154, $4 * 200, $4 * 211, $4 * 10, $4 * 37
from generate_series($1::timestamptz, $2::timestamptz - interval '1 hour', interval '1 hour') as hour, generate_series(1, $3) as tenant, generate_series(1, 2) as pool
