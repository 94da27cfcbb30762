"""Complaints and requests: the register, who joins which case, what people do with one."""
