-- The head, and the position of the last event of types $1 (null: any) that has been archived and is not here.
-- A page comes off an index in the order of positions. A planner that knows too little of a young ledger would read all of it and sort that, for every page anew:
-- sorting is made dear for the rest of this transaction, which is the statement that reads the page. Compiling that statement would take longer than it does.
select position, coalesce(case when $1::varchar[] is null
    then (select max(last_position) from tl_archives where not attached)
    else (select max(t.last_position) from tl_archived_types t join tl_archives a on a.last_position = t.archive where not a.attached and t.type = any ($1))
    end, 0),
    set_config('enable_sort', $2, true), set_config('jit', 'off', true)
from tl_head
