"""A JSON line -> the mail it tells of: `id`, `subject`, `body`, optional `from`, `headers`."""

import json
from typing import Any

from daemon.reading.records import PlainMail

Headers = tuple[tuple[str, str], ...]


def parse_line(line: bytes, otherwise: str) -> tuple[str, PlainMail]:
    """Return the line's id and its mail.

    Args:
        line: a JSON object; `headers` is an object (values: text or a list of texts) or a list
            of pairs. What is absent or null counts as empty, absent `headers` as unknown.
        otherwise: the id of a line that has none.

    Raises:
        ValueError: it is no JSON object, or a field is of another kind; the message says which.
    """
    try:
        found = json.loads(line)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(found, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - one kind of error for a bad line
    sender = _text(found, "from")
    mail = PlainMail(
        subject=_text(found, "subject"),
        body=_text(found, "body"),
        sender=sender or None,
        headers=_headers(found.get("headers")),
    )
    name = found.get("id")
    return otherwise if name is None else str(name), mail


def _text(found: dict[str, Any], field: str) -> str:
    value = found.get(field)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError(f"{field!r} is not text")  # noqa: TRY004 - one kind of error for a bad line
    return _whole(value)


def _headers(value: object) -> Headers | None:
    if value is None:
        return None
    if isinstance(value, dict):
        pairs = [(name, each) for name, many in value.items() for each in _listed(many)]
    elif isinstance(value, list) and all(isinstance(p, list) and len(p) == 2 for p in value):  # noqa: PLR2004 - a pair
        pairs = [(name, each) for name, each in value]
    else:
        raise ValueError("'headers' is neither an object nor a list of pairs")
    return tuple((_whole(str(name)).lower(), _whole(str(each))) for name, each in pairs)


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _whole(text: str) -> str:
    """Return text without lone surrogates, which JSON may hold and UTF-8 may not."""
    return text.encode("utf-8", "replace").decode()
