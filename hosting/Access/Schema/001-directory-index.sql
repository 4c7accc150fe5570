-- The directory reads only configuration events, a handful among millions: this index holds exactly those.
create index ix_mt_events_directory on mt_events (seq_id)
    where type in ('pool-opened.v1', 'pool-reconfigured.v1', 'entitlement-granted.v1', 'entitlement-amended.v1',
                   'key-issued.v1', 'key-revoked.v1', 'operator-key-issued.v1', 'operator-key-revoked.v1');
