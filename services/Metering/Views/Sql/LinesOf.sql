-- The lines of the periods after $1 (null for all) up to $2; of one tenant, when $3 is not null.
select period, month, tenant, pool, entitlement, model, service_class, kind, category, commitment, tokens, micros, first_position, last_position
from billing_lines
where ($1::text is null or period > $1) and period <= $2 and ($3::text is null or tenant = $3)
