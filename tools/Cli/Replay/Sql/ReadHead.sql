select position from tl_head
