-- A fact has one id for ever, made of its source and event id, and the ledger's own unique index holds it; an entry is its fact's position.
-- A second index over the two texts proved nothing more and cost more than all else that an entry does.
alter table usage_consumption drop constraint usage_consumption_source_event_id_key;
