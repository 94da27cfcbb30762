"""Everything that touches strangers' bytes, run in children that can be killed."""
