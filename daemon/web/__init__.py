"""Public pages: what people may open from a mail; signed links in, small pages out."""
