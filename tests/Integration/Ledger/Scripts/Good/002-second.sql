alter table migrated add column text varchar null;
-- A body with semicolons is one statement.
create function twice(n int) returns int language plpgsql as $$ begin n := n * 2; return n; end $$;
