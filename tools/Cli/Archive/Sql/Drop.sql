select tl_drop_archive($1, $2)
