-- The days of the hours from $1 to before $2.
insert into usage_daily
select date_trunc('day', hour, 'UTC'), tenant, pool, entitlement, model,
       sum(requests), sum(input_tokens), sum(cached_input_tokens), sum(output_tokens), sum(reasoning_tokens), sum(cost_micros)
from usage_hourly
where hour >= $1 and hour < $2
group by 1, 2, 3, 4, 5
