insert into billing_covered (hour, pool, entitlement, tokens)
select * from unnest($1::timestamptz[], $2::text[], $3::text[], $4::bigint[])
on conflict (hour, pool, entitlement) do update set tokens = excluded.tokens
