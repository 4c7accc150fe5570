update tl_seal set size = $1, chain = $2, root = $3
