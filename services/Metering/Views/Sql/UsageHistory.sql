-- The consumption history in order of position. $1 to $4 filters; $5 and $6 the time from (inclusive) and to (exclusive); $7 after; $8 limit; $9 whether admitted.
select position, request_id, source, event_id, tenant, pool, entitlement, model, admitted, outcome,
       input_tokens, cached_input_tokens, output_tokens, reasoning_tokens, cost_micros, completed_at,
       end_lost, corrects_position, corrects_source, corrects_event_id, reason, author
from usage_consumption
where ($1::text is null or tenant = $1) and ($2::text is null or pool = $2) and ($3::text is null or entitlement = $3) and ($4::text is null or model = $4)
  and ($5::timestamptz is null or completed_at >= $5) and ($6::timestamptz is null or completed_at < $6)
  and position > $7 and ($9::boolean is null or admitted = $9)
order by position
limit $8
