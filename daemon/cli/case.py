"""`case`: all its commands, in the order of `--help`."""

from daemon.cli import cases, case_answers, case_ends, case_terms, case_joining  # isort: skip
from daemon.cli.case_desk import app

__all__ = ["app", "case_answers", "case_ends", "case_joining", "case_terms", "cases"]
