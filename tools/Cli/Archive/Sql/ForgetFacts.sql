delete from tl_archived_facts where seq_id between $1 and $2
