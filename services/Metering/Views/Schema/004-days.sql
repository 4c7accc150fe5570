-- Days (UTC) of the hours: a year by month has 24 times fewer rows to sum. They are added to with the hours, in the same statement.
create table usage_daily (
    day                 timestamptz not null,
    tenant              text not null,
    pool                text not null,
    entitlement         text not null,
    model               text not null,
    requests            bigint not null,
    input_tokens        bigint not null,
    cached_input_tokens bigint not null,
    output_tokens       bigint not null,
    reasoning_tokens    bigint not null,
    cost_micros         bigint not null,
    primary key (day, tenant, pool, entitlement, model)
);

insert into usage_daily
select date_trunc('day', hour, 'UTC'), tenant, pool, entitlement, model,
       sum(requests), sum(input_tokens), sum(cached_input_tokens), sum(output_tokens), sum(reasoning_tokens), sum(cost_micros)
from usage_hourly
group by 1, 2, 3, 4, 5;
