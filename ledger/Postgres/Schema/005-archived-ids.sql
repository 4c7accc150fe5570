-- An id is good for ever, also when its event has left: what idx_mt_events_event_id does for the events that are here.
-- Appends call it after they have written, so that it sees an archive that was taken out while they did. Planned at every call, because the table fills at one go.
create function tl_refuse_archived(ids uuid[]) returns void language plpgsql as
$$
declare
    is_known boolean;
begin
    if exists (select from tl_archives) then
        execute 'select exists (select from tl_archived_facts where id = any ($1))' into is_known using ids;
        if is_known then
            raise unique_violation using constraint = 'idx_mt_events_event_id', message = 'an event with one of these ids was recorded and archived';
        end if;
    end if;
end
$$;
