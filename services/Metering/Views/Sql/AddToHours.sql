-- What a batch adds to the hours it falls into, one row for each hour and key of the batch, and to their days.
with added as (
    select *
    from unnest($1::timestamptz[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[])
        as batch (hour, tenant, pool, entitlement, model, requests, input_tokens, cached_input_tokens, output_tokens, reasoning_tokens, cost_micros)
), days as (
    insert into usage_daily as total (day, tenant, pool, entitlement, model, requests, input_tokens, cached_input_tokens, output_tokens, reasoning_tokens, cost_micros)
    select date_trunc('day', hour, 'UTC'), tenant, pool, entitlement, model,
           sum(requests), sum(input_tokens), sum(cached_input_tokens), sum(output_tokens), sum(reasoning_tokens), sum(cost_micros)
    from added
    group by 1, 2, 3, 4, 5
    on conflict (day, tenant, pool, entitlement, model) do update set
        requests            = total.requests            + excluded.requests,
        input_tokens        = total.input_tokens        + excluded.input_tokens,
        cached_input_tokens = total.cached_input_tokens + excluded.cached_input_tokens,
        output_tokens       = total.output_tokens       + excluded.output_tokens,
        reasoning_tokens    = total.reasoning_tokens    + excluded.reasoning_tokens,
        cost_micros         = total.cost_micros         + excluded.cost_micros
)
insert into usage_hourly as total (hour, tenant, pool, entitlement, model, requests, input_tokens, cached_input_tokens, output_tokens, reasoning_tokens, cost_micros)
select * from added
on conflict (hour, tenant, pool, entitlement, model) do update set
    requests            = total.requests            + excluded.requests,
    input_tokens        = total.input_tokens        + excluded.input_tokens,
    cached_input_tokens = total.cached_input_tokens + excluded.cached_input_tokens,
    output_tokens       = total.output_tokens       + excluded.output_tokens,
    reasoning_tokens    = total.reasoning_tokens    + excluded.reasoning_tokens,
    cost_micros         = total.cost_micros         + excluded.cost_micros
