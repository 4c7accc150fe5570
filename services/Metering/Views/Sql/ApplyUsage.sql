-- One statement per batch: the entries, and what they add to the hours they fall into.
with entries as (
    insert into usage_consumption
    select *
    from unnest($1::bigint[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::boolean[], $10::text[],
                $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[], $16::timestamptz[])
    returning *
)
insert into usage_hourly as total
select date_trunc('hour', completed_at, 'UTC'), tenant, pool, entitlement, model,
       count(*), sum(input_tokens), sum(cached_input_tokens), sum(output_tokens), sum(reasoning_tokens), sum(cost_micros)
from entries
group by 1, 2, 3, 4, 5
on conflict (hour, tenant, pool, entitlement, model) do update set
    requests            = total.requests            + excluded.requests,
    input_tokens        = total.input_tokens        + excluded.input_tokens,
    cached_input_tokens = total.cached_input_tokens + excluded.cached_input_tokens,
    output_tokens       = total.output_tokens       + excluded.output_tokens,
    reasoning_tokens    = total.reasoning_tokens    + excluded.reasoning_tokens,
    cost_micros         = total.cost_micros         + excluded.cost_micros
