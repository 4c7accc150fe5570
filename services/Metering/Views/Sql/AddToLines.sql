-- What a batch adds to the lines of statements: one row for each line of the batch.
insert into billing_lines as line (period, month, tenant, pool, entitlement, model, service_class, kind, category, commitment, tokens, micros, first_position, last_position)
select *
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[])
on conflict (period, tenant, month, pool, entitlement, model, service_class, kind, category, commitment) do update set
    tokens         = line.tokens + excluded.tokens,
    micros         = line.micros + excluded.micros,
    first_position = least(line.first_position, excluded.first_position),
    last_position  = greatest(line.last_position, excluded.last_position)
