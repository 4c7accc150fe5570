-- The used-up commitments of these hours, those that have any.
select covered.pool, covered.entitlement, covered.hour, covered.tokens
from billing_covered covered join unnest($1::timestamptz[], $2::text[], $3::text[]) as asked (hour, pool, entitlement)
  on (covered.hour, covered.pool, covered.entitlement) = (asked.hour, asked.pool, asked.entitlement)
