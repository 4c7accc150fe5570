create table migrated (n int not null);
