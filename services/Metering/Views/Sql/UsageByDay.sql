-- Totals from usage_daily. $1 window; $2 to $5 whether to group by tenant, pool, entitlement, model; $6 to $9 filters; $10 and $11 the time from (inclusive) and to (exclusive).
select case when $1 = 'none' then null else date_trunc($1, day, 'UTC') end as window_start,
       case when $2 then tenant end, case when $3 then pool end, case when $4 then entitlement end, case when $5 then model end,
       sum(requests)::bigint, sum(input_tokens)::bigint, sum(cached_input_tokens)::bigint, sum(output_tokens)::bigint, sum(reasoning_tokens)::bigint, sum(cost_micros)::bigint
from usage_daily
where ($6::text is null or tenant = $6) and ($7::text is null or pool = $7) and ($8::text is null or entitlement = $8) and ($9::text is null or model = $9)
  and ($10::timestamptz is null or day >= $10) and ($11::timestamptz is null or day < $11)
group by 1, 2, 3, 4, 5
order by 1, 2, 3, 4, 5
limit $12
