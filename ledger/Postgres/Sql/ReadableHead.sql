-- The head, and the position of the last event of types $1 (null: any) that has been archived and is not here.
select position, coalesce(case when $1::varchar[] is null
    then (select max(last_position) from tl_archives where not attached)
    else (select max(t.last_position) from tl_archived_types t join tl_archives a on a.last_position = t.archive where not a.attached and t.type = any ($1))
    end, 0)
from tl_head
