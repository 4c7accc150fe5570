select corrects_position, sum(requests)::bigint, sum(input_tokens)::bigint, sum(cached_input_tokens)::bigint, sum(output_tokens)::bigint, sum(reasoning_tokens)::bigint
from usage_consumption
where corrects_position = any($1)
group by corrects_position
