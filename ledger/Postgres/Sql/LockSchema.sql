-- One upgrade at a time per schema, held to the end of the transaction. A schema that the search path names and nobody has made yet is made now.
select pg_advisory_xact_lock(hashtextextended('tokenledger schema ' || current_setting('search_path'), 0));
do $$
begin
    if current_schema() is null then
        execute 'create schema ' || current_setting('search_path');
    end if;
end
$$;
create table if not exists tl_schema_versions (
    module     varchar     not null,
    version    int         not null check (version > 0),
    name       varchar     not null,
    checksum   varchar     not null,
    applied_at timestamptz not null default transaction_timestamp(),
    primary key (module, version)
)
