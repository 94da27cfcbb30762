"""Bytes to records and back, pure: no network, disk, clock, randomness or threads."""
