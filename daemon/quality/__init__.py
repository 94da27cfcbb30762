"""How the house does: complaints, terms, times to answer, the register for a regulator."""
