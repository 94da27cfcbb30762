"""Other systems are told what happens: rows first, signed, retried, in each case's order."""
