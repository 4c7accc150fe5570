-- The highest numbers of each request, whatever order its reports came in.
insert into usage_streams as stream (pool, request_id, input_tokens, cached_input_tokens, output_tokens, reasoning_tokens, reported_at, touched_at)
select pool, request_id, max(input), max(cached), max(output), max(reasoning), max(reported), max(touched)
from unnest($1::text[], $2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::timestamptz[], $8::timestamptz[])
    as report (pool, request_id, input, cached, output, reasoning, reported, touched)
group by pool, request_id
on conflict (pool, request_id) do update set
    input_tokens        = greatest(stream.input_tokens, excluded.input_tokens),
    cached_input_tokens = greatest(stream.cached_input_tokens, excluded.cached_input_tokens),
    output_tokens       = greatest(stream.output_tokens, excluded.output_tokens),
    reasoning_tokens    = greatest(stream.reasoning_tokens, excluded.reasoning_tokens),
    reported_at         = greatest(stream.reported_at, excluded.reported_at),
    touched_at          = greatest(stream.touched_at, excluded.touched_at)
