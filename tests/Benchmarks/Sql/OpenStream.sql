insert into mt_streams (id, version, timestamp, created) values ($1, 1, now(), now()) on conflict (id) do nothing
