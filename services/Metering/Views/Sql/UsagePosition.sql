select coalesce((select last_seq_id from mt_event_progression where name = 'metering-usage'), 0)
