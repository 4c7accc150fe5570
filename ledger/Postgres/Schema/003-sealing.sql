-- The seal of the ledger, beside Marten's tables: docs/ledger-format.md says what the hashes are.

-- How far the ledger is sealed: a one-row head like tl_head. Who seals holds the row until the commit, so one does at a time.
create table tl_seal (
    only_row  boolean not null default true primary key check (only_row),
    ledger_id uuid    not null default gen_random_uuid(),
    size      bigint  not null check (size >= 0),
    chain     bytea   not null check (octet_length(chain) = 32),
    root      bytea   not null check (octet_length(root) = 32)
);

insert into tl_seal (size, chain, root) values (0, decode(repeat('00', 32), 'hex'), sha256(''));

-- Tiles of 256 nodes of the tree: level 0 the leaves in order of position, level n the roots of whole subtrees of 256^n leaves.
-- The last tile of a level grows until it is full; the others stay as they are.
create table tl_tiles (
    level  smallint not null check (level between 0 and 7),
    index  bigint   not null check (index >= 0),
    hashes bytea    not null check (octet_length(hashes) between 32 and 8192 and octet_length(hashes) % 32 = 0),
    primary key (level, index)
);

-- Hashes do not compress.
alter table tl_tiles alter column hashes set storage external;

-- Public keys that checkpoints were signed with. The private ones are never in the database.
create table tl_checkpoint_keys (
    key_id     bytea       not null check (octet_length(key_id) = 4),
    name       varchar     not null,
    public_key bytea       not null,
    first_used timestamptz not null,
    primary key (name, public_key)
);

-- Signed checkpoints, at most one a second.
create table tl_checkpoints (
    size       bigint      not null primary key check (size > 0),
    note       text        not null,
    created_at timestamptz not null
);
