-- No row when another process seals.
select ledger_id, size, chain, root, (select position from tl_head) from tl_seal for update skip locked
