select version from mt_streams where id = $1
