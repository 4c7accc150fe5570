select level, index, hashes from tl_tiles where level = $1 and index >= $2 and index < $2 + $3 order by index
