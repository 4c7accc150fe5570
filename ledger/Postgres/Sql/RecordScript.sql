insert into tl_schema_versions (module, version, name, checksum) values ($1, $2, $3, $4)
