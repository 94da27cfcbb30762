"""The daily triage digest."""
