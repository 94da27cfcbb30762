"""E-mail out, one at a time: acknowledgements fill the rows of sending."""
