"""The configuration file -> settings, or every problem in it at once."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from os import environ as _environ
from pathlib import Path

from pydantic import ValidationError

from daemon.config import lines
from daemon.config.agreement import findings
from daemon.config.problems import ConfigProblems, Problem
from daemon.config.raw import Finding, Table
from daemon.config.secrets import missing_secrets
from daemon.config.settings import Document, Settings
from daemon.config.wording import key_of, message_of, path_of

_POSITION = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)")


def load(path: Path) -> Settings:
    """Read and check the configuration file; relative paths in it start at its folder.

    Secrets are not looked up: see `secret_problems`.

    Raises:
        ConfigProblems: all that is wrong, with file and line.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        reason = f"cannot be read: {error.strerror or error}"
        raise ConfigProblems([_problem(path, 0, (), reason)]) from None
    except UnicodeDecodeError as error:
        line = path.read_bytes().count(b"\n", 0, error.start) + 1
        raise ConfigProblems([_problem(path, line, (), "is not UTF-8 text")]) from None
    return parse(text, path)


def parse(text: str, path: Path) -> Settings:
    """Check a configuration that is already in memory, as if it stood in `path`.

    Raises:
        ConfigProblems: all that is wrong, with file and line.
    """
    document, places = _document(text, path)
    outcome = _validated(document, path)
    found = {*findings(document), *(() if isinstance(outcome, Document) else outcome)}
    if found or not isinstance(outcome, Document):
        raise ConfigProblems(
            _problem(path, lines.nearest_line(places, where), where, message)
            for where, message in found
        )
    return Settings.model_construct(path=path.absolute(), **dict(outcome))  # checked above


def secret_problems(
    settings: Settings, environ: Mapping[str, str] = _environ
) -> tuple[Problem, ...]:
    """Return a problem for each password or token that no place has, as `check` lists them."""
    missing = missing_secrets(settings, environ)
    if not missing:
        return ()
    _, places = _document(settings.path.read_text("utf-8-sig"), settings.path)
    keyed = [(tuple(key.split(".")), message) for key, message in missing]
    return tuple(
        _problem(settings.path, lines.nearest_line(places, key), key, message)
        for key, message in keyed
    )


def _document(text: str, path: Path) -> tuple[Table, dict[lines.Path, int]]:
    try:
        return tomllib.loads(text), lines.line_map(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigProblems([_syntax_problem(path, text, str(error))]) from None
    except (RecursionError, ValueError) as error:  # a number of 5,000 digits is a ValueError
        message = "is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise ConfigProblems([_problem(path, 1, (), message)]) from None


def _syntax_problem(path: Path, text: str, message: str) -> Problem:
    match = _POSITION.search(message)
    line = int(match[1]) if match and match[1] else text.rstrip().count("\n") + 1
    return _problem(path, line, (), f"not valid TOML: {_POSITION.sub('', message)}")


def _validated(document: Table, path: Path) -> Document | tuple[Finding, ...]:
    try:
        return Document.model_validate(document, context={"base": path.parent.absolute()})
    except ValidationError as error:
        return tuple(_findings(error, document))


def _findings(error: ValidationError, document: Table) -> Iterator[Finding]:
    for each in error.errors(include_url=False, include_input=False):
        yield path_of(each, document), message_of(each, Document)


def _problem(path: Path, line: int, key: lines.Path, message: str) -> Problem:
    return Problem(file=str(path), line=line, key=key_of(key), message=message)
