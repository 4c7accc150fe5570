create table migrated (n bigint not null);
