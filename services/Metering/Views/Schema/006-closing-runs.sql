-- The history of the runs that close months.
create table billing_runs (
    id         bigint generated always as identity primary key,
    started_at timestamptz not null,
    ended_at   timestamptz not null,
    started_by text not null,
    instance   text not null,
    periods    text[] not null,
    statements integer not null,
    error      text
);
