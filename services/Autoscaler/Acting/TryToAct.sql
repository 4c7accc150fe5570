-- Held until the connection ends, however it ends: one instance per ledger scales, the others stand by.
select pg_try_advisory_lock(hashtextextended('tokenledger autoscaler ' || current_setting('search_path'), 0));
