select count(*) from mt_events where type = any ($1)
