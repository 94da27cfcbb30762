"""Problems of a configuration: where they stand, what is wrong, what is allowed."""

from collections.abc import Iterable
from dataclasses import dataclass

from daemon.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One mistake, printed as `file:line: key: message`."""

    file: str
    line: int  # from 1; 0 when the file as a whole is meant
    key: str  # dotted, as in `accounts.info.port` or `rules[0].when`; empty for the syntax
    message: str  # never holds a secret

    def __str__(self) -> str:
        """Return the line that `check` prints."""
        return ": ".join(filter(None, (f"{self.file}:{self.line}", self.key, self.message)))


class ConfigProblems(ConfigError):
    """The configuration has mistakes, all of which are listed.

    Attributes:
        problems: at least one, in the order of the file.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(
            sorted(problems, key=lambda each: (each.line, each.key, each.message))
        )
        super().__init__("\n".join(map(str, self.problems)))
