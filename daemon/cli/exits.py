"""Errors -> exit codes and lines on stderr."""

import sys
from typing import NoReturn

import typer

from daemon.errors import (
    BackdeskError,
    ConfigError,
    DeliveryError,
    LeaseHeld,
    LeaseLost,
    MailboxError,
    MailError,
    ModelError,
    StoreBusy,
)

DONE, NEEDS_PERSON, WRONG_USE, OUTSIDE, INTERNAL = range(5)

_CODES: tuple[tuple[type[BackdeskError], int], ...] = (
    (ConfigError, WRONG_USE),
    (MailboxError, OUTSIDE),
    (DeliveryError, OUTSIDE),
    (LeaseHeld, OUTSIDE),
    (LeaseLost, OUTSIDE),
    (StoreBusy, OUTSIDE),  # locked, full, or a database server that is away
    (MailError, NEEDS_PERSON),
    (ModelError, NEEDS_PERSON),
)


def code_of(error: Exception) -> int:
    """Return the exit code that an error stands for."""
    return next((code for kind, code in _CODES if isinstance(error, kind)), INTERNAL)


def lines_of(error: Exception) -> tuple[str, ...]:
    """Return what is said of an error: one line, for a configuration one line a problem."""
    lines = str(error).splitlines() or [type(error).__name__]
    return tuple(lines) if isinstance(error, ConfigError) else (" ".join(lines),)


def complain(*lines: str) -> None:
    """Write lines for people to stderr."""
    for line in lines:
        print(line, file=sys.stderr)


def refuse(message: str) -> NoReturn:
    """End with "wrong usage or configuration" and a line that says why."""
    complain(message)
    raise typer.Exit(WRONG_USE)


def leave(code: int) -> None:
    """End the command with a code; returns where it is 0."""
    if code:
        raise typer.Exit(code)
