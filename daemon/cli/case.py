"""`case`: all its commands, in the order of `--help`."""

from daemon.cli import (  # isort: skip
    cases,
    case_answers,
    case_drafts,
    case_ends,
    case_terms,
    case_joining,
    case_forwards,
)
from daemon.cli.case_desk import app

__all__ = [
    "app",
    "case_answers",
    "case_drafts",
    "case_ends",
    "case_forwards",
    "case_joining",
    "case_terms",
    "cases",
]
