select checksum from tl_schema_versions where module = $1 and version = $2
