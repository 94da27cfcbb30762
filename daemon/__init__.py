"""Backdesk: the service that does the work of the back office with its people."""
