"""What everything outgoing shares: rows, leases, relays, SMTP."""
