-- Entries as they are known, with their corrections so far: what a commitment covered at first, the tokens, and what it covers now.
select entry.position, entry.covered_tokens,
       entry.input_tokens + coalesce(change.input_tokens, 0), entry.cached_input_tokens + coalesce(change.cached_input_tokens, 0),
       entry.output_tokens + coalesce(change.output_tokens, 0), entry.reasoning_tokens + coalesce(change.reasoning_tokens, 0),
       entry.covered_tokens + coalesce(change.covered_tokens, 0)
from usage_consumption entry
left join lateral (
    select sum(input_tokens)::bigint as input_tokens, sum(cached_input_tokens)::bigint as cached_input_tokens, sum(output_tokens)::bigint as output_tokens,
           sum(reasoning_tokens)::bigint as reasoning_tokens, sum(covered_tokens)::bigint as covered_tokens
    from usage_consumption
    where corrects_position = entry.position
) change on true
where entry.position = any($1)
