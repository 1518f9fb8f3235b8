"""Files of tensors: what lies in them, under which names, and how they are written anew, without any framework."""
