-- What a batch adds to the hours it falls into: one row for each hour and key of the batch.
insert into usage_hourly as total (hour, tenant, pool, entitlement, model, requests, input_tokens, cached_input_tokens, output_tokens, reasoning_tokens, cost_micros)
select *
from unnest($1::timestamptz[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[])
on conflict (hour, tenant, pool, entitlement, model) do update set
    requests            = total.requests            + excluded.requests,
    input_tokens        = total.input_tokens        + excluded.input_tokens,
    cached_input_tokens = total.cached_input_tokens + excluded.cached_input_tokens,
    output_tokens       = total.output_tokens       + excluded.output_tokens,
    reasoning_tokens    = total.reasoning_tokens    + excluded.reasoning_tokens,
    cost_micros         = total.cost_micros         + excluded.cost_micros
