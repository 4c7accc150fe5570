-- What was charged, summed up by the lines of statements. An empty text stands for "not known". Rows of a closed period do not change any more.
create table billing_lines (
    period         text not null,
    month          text not null,
    tenant         text not null,
    pool           text not null,
    entitlement    text not null,
    model          text not null,
    service_class  text not null,
    kind           text not null,
    category       text not null,
    commitment     text not null,
    tokens         bigint not null,
    micros         bigint not null,
    first_position bigint not null,
    last_position  bigint not null,
    primary key (period, tenant, month, pool, entitlement, model, service_class, kind, category, commitment)
);

-- Tokens of the commitment of an entitlement's hour that are used up.
create table billing_covered (
    hour        timestamptz not null,
    pool        text not null,
    entitlement text not null,
    tokens      bigint not null check (tokens >= 0),
    primary key (hour, pool, entitlement)
);

-- Tokens that a commitment covered; of a correction, what it changes of them.
alter table usage_consumption add column service_class text not null default '', add column covered_tokens bigint not null default 0;

-- What was projected before there were prices is projected again, from the ledger.
truncate usage_consumption, usage_hourly, usage_daily, usage_streams;
delete from mt_event_progression where name = 'metering-usage';

-- Prices, terms and closed months are a handful among millions: this index holds exactly the events of BillingBook.Types.
create index ix_mt_events_billing on mt_events (seq_id)
    where type in ('billing-period-closed.v1', 'entitlement-amended.v1', 'entitlement-granted.v1', 'entitlement-revoked.v1', 'pool-opened.v1', 'pool-reconfigured.v1', 'price-set.v1');
