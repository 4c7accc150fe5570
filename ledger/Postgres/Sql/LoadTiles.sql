select level, index, hashes from tl_tiles join unnest($1::smallint[], $2::bigint[]) as wanted (level, index) using (level, index)
