-- Where a stream may be read from: the events that hold its whole state, a handful among millions.
create index ix_mt_events_openings on mt_events (stream_id, version) where type = 'books-carried-forward.v1';
