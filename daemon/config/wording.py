"""Pydantic's errors -> problems in the words of the TOML file, each with what is allowed."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, TypeGuard, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from daemon.config.lines import Path
from daemon.config.secrets import places

_SECRETS = ("password", "passwd", "pass", "secret", "token")
_SECRET_TABLES = ("accounts", "relays", "store", "webhooks")

_MESSAGES = {
    "string_type": "must be text in quotes",
    "int_type": "must be a whole number, without quotes",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number, without quotes",
    "bool_type": "must be true or false, without quotes",
    "date_type": "must be a date without quotes, such as 2026-12-01",
    "time_type": 'must be a time of day such as "07:30"',
    "tuple_type": 'must be a list, such as ["a", "b"]',
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "path_type": "must be a path, not empty",
    "is_instance_of": "must be a path, not empty",
    "too_short": "must hold at least one",
    "literal_error": "must be one of: {expected}",
    "greater_than_equal": "must be {ge:g} or more",
    "less_than_equal": "must be {le:g} or less",
    "finite_number": "must be a number that is not infinite",
}
_REQUIRED = {
    "service": "the table [service] is missing; it needs at least timezone",
    "timezone": 'is missing; allowed: a time zone such as "Europe/Rome"',
    "host": 'is missing; allowed: the server\'s name, such as "imap.example.org"',
    "username": "is missing; allowed: the name to log in with",
    "url": 'is missing; allowed: such as "https://erp.example.org/hooks/backdesk"',
    "account": "is missing; allowed: the name of one of [accounts.*]",
    "folder": 'is missing; allowed: a folder on the server, such as "Queues/Complaints"',
    "name": "is missing; allowed: any text, shown as the reason of a decision",
    "country": 'is missing; allowed: an ISO 3166-1 code, such as "IT"',
    "title": "is missing; allowed: any text, shown where the deadline is",
    "open": 'is missing; allowed: such as ["monday-friday 09:00-13:00 14:00-18:00"]',
    "source": "is missing; allowed: any text, such as the statute and article",
    "clocks": 'is missing; write [deadlines.NAME.clocks.reply] with term = "30 days"',
    "term": 'is missing; allowed: text such as "30 days", "15 working days", "1 month"',
    "when": 'is missing; allowed: a table such as { label = "complaint" }, or {} for all mail',
}


def path_of(error: ErrorDetails, document: object) -> Path:
    """Return where in the document the error stands, without pydantic's own inner steps."""
    steps = [step for step in error["loc"] if step != "[key]"]
    for depth, step in enumerate(steps):
        inner = _inner(document, step)
        if inner is None:
            return tuple(steps if error["type"] == "missing" else steps[:depth])
        document = inner[0]
    return tuple(steps)


def message_of(error: ErrorDetails, model: type[BaseModel]) -> str:
    """Return what is wrong and what is allowed; never the value of an unknown key."""
    kind, steps = error["type"], error["loc"]
    if kind == "extra_forbidden":
        return _unknown(steps, model)
    if kind == "missing":
        return _REQUIRED.get(str(steps[-1]), "is missing")
    if kind == "value_error":
        return error["msg"].removeprefix("Value error, ")
    return _MESSAGES.get(kind, error["msg"]).format(**_context(error))


def key_of(path: Path) -> str:
    """Return the dotted form: `rules[0].when.label`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)[1:]


def nearest(word: str, allowed: Mapping[str, object] | tuple[str, ...]) -> str:
    """Return "; did you mean X?" with what is allowed, for a word that is not in the list."""
    close = get_close_matches(word, list(allowed), n=1)
    hint = f"did you mean {close[0]}? " if close else ""
    return f"{hint}allowed: {', '.join(allowed) or 'nothing'}"


def _context(error: ErrorDetails) -> dict[str, Any]:
    context = error.get("ctx", {})
    if "expected" in context:
        context = {"expected": context["expected"].replace(" or ", ", ").replace("'", '"')}
    return context


def _unknown(steps: tuple[str | int, ...], model: type[BaseModel]) -> str:
    key = str(steps[-1])
    if key.lower() in _SECRETS and steps[0] in _SECRET_TABLES:
        table = ".".join(map(str, steps[:-1]))
        is_token = key.lower() == "token" and steps[0] in ("accounts", "relays")
        kind = "token" if is_token else "secret" if steps[0] == "webhooks" else "password"
        return f"does not belong in this file; use {places(f'{table}.{kind}')}"
    return f"unknown key; {nearest(key, _keys(model, steps[:-1]))}"


def _keys(model: type[BaseModel], steps: tuple[str | int, ...]) -> tuple[str, ...]:
    """The keys that a table may have: follow the path through the models."""
    current: object = model
    for step in steps:
        fields = current.model_fields if _is_model(current) else {}
        current = _model_in(fields[str(step)].annotation) if str(step) in fields else current
    keys = current.model_fields if _is_model(current) else {}
    is_named = len(steps) > 1 and isinstance(steps[-1], str)
    return tuple(key for key in keys if not (is_named and key == "name"))


def _is_model(kind: object) -> TypeGuard[type[BaseModel]]:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _model_in(annotation: object) -> object:
    """The model inside `dict[str, Model]`, `tuple[Model, ...]` or `Annotated[...]`."""
    if _is_model(annotation):
        return annotation
    return next(filter(_is_model, map(_model_in, get_args(annotation))), None)


def _inner(document: object, step: str | int) -> tuple[object] | None:
    if isinstance(document, dict) and step in document:
        return (document[step],)
    if isinstance(document, list) and isinstance(step, int) and step < len(document):
        return (document[step],)
    return None
