"""Decisions, pure: records in, a decision with a named reason out."""
