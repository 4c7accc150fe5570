-- Where the view stands, and whether there are streams that could end.
select coalesce((select last_seq_id from mt_event_progression where name = 'metering-usage'), 0), exists (select from usage_streams)
