"""`case`: all its commands, from the modules that have them."""

from daemon.cli import case_joining, case_terms, cases
from daemon.cli.case_desk import app

__all__ = ["app", "case_joining", "case_terms", "cases"]
