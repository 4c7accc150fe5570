-- A correction is an entry of its own, with what it adds; where corrects_position is null, the entry is usage.
alter table usage_consumption
    add column requests          smallint not null default 1,
    add column end_lost          boolean not null default false,
    add column corrects_position bigint,
    add column corrects_source   text,
    add column corrects_event_id text,
    add column reason            text,
    add column author            text,
    drop constraint usage_consumption_input_tokens_check,
    drop constraint usage_consumption_output_tokens_check,
    drop constraint usage_consumption_check,
    drop constraint usage_consumption_check1,
    add constraint usage_consumption_tokens check (corrects_position is not null
        or (input_tokens >= 0 and output_tokens >= 0 and cached_input_tokens between 0 and input_tokens and reasoning_tokens between 0 and output_tokens)),
    add constraint usage_consumption_correction check (num_nulls(corrects_position, corrects_source, corrects_event_id, reason, author) in (0, 5));
create index ix_usage_consumption_corrects on usage_consumption (corrects_position) where corrects_position is not null;

-- How far admitted requests have come by tokens-streamed.v1: the highest number of each kind. A row goes some days after it was last touched, whether or not its request has ended.
create table usage_streams (
    pool                text not null,
    request_id          uuid not null,
    input_tokens        bigint not null,
    cached_input_tokens bigint not null,
    output_tokens       bigint not null,
    reasoning_tokens    bigint not null,
    reported_at         timestamptz not null,
    touched_at          timestamptz not null,
    ended               boolean not null default false,
    primary key (pool, request_id)
);
create index ix_usage_streams_touched on usage_streams (touched_at);
