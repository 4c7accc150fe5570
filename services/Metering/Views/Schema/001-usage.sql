-- The consumption history, one row per tokens-consumed.v1, and its totals by hour (UTC) of completion.
-- An empty text stands for "not known", so that the rollup's key has no nulls.
create table usage_consumption (
    position            bigint primary key check (position > 0),
    request_id          uuid not null,
    source              text not null,
    event_id            text not null,
    tenant              text not null,
    pool                text not null,
    entitlement         text not null,
    model               text not null,
    admitted            boolean not null,
    outcome             text not null,
    input_tokens        bigint not null check (input_tokens >= 0),
    cached_input_tokens bigint not null check (cached_input_tokens between 0 and input_tokens),
    output_tokens       bigint not null check (output_tokens >= 0),
    reasoning_tokens    bigint not null check (reasoning_tokens between 0 and output_tokens),
    cost_micros         bigint not null,
    completed_at        timestamptz not null,
    unique (source, event_id)
);
create index ix_usage_consumption_tenant on usage_consumption (tenant, position);

create table usage_hourly (
    hour                timestamptz not null,
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
    primary key (hour, tenant, pool, entitlement, model)
);
