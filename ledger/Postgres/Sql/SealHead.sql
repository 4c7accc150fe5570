-- The events' head is read after the seal's, so that it is not behind it.
select ledger_id, size, chain, root, (select position from tl_head) from tl_seal
