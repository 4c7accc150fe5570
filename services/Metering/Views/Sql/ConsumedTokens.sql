-- Input and output tokens of an entitlement, days from $3 (inclusive) to $4 (exclusive).
select coalesce(sum(input_tokens + output_tokens), 0)::bigint from usage_daily where pool = $1 and entitlement = $2 and day >= $3 and day < $4
