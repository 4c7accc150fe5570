-- The used-up commitments of all hours from $1 (inclusive; null for the first) to $2 (exclusive).
select pool, entitlement, hour, tokens from billing_covered where ($1::timestamptz is null or hour >= $1) and hour < $2
