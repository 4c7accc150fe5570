select name, public_key from tl_checkpoint_keys order by first_used desc, name
