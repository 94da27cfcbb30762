"""The configuration: one TOML file turned into frozen settings, every problem at once."""

from daemon.config.differences import changes
from daemon.config.loading import load, parse, secret_problems
from daemon.config.problems import ConfigProblems, Problem
from daemon.config.settings import Settings

__all__ = ["ConfigProblems", "Problem", "Settings", "changes", "load", "parse", "secret_problems"]
