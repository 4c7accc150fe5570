-- The tables of the scheduler are its own; this makes the schema that it creates them in.
select 1;
