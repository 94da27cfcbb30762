"""What a reader's program asks for -> one of our languages, and its words for the pages."""

import tomllib
from functools import cache

from daemon.config.shipped import shipped
from daemon.digest.words import LANGUAGES, Words

_MOST_CHARS = 200


def tongue_of(accepted: str, otherwise: str) -> str:
    """Return it, pl or en by Accept-Language (RFC 9110, 12.5.4), else `otherwise`."""
    best, weight = otherwise, 0.0
    for part in accepted[:_MOST_CHARS].split(","):
        tag, _, parameter = part.partition(";")
        language = tag.strip().lower().partition("-")[0]
        wanted = _weight(parameter)
        if language in LANGUAGES and wanted > weight:
            best, weight = language, wanted
    return best


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if not name:
        return 1.0
    try:
        weight = float(value) if name.lower() == "q" else 0.0
    except ValueError:
        return 0.0
    return weight if 0.0 <= weight <= 1.0 else 0.0


@cache
def page_words(language: str) -> Words:
    """Return the words of the pages in it, pl or en."""
    path = shipped(f"templates/pages.{language}.toml")
    return Words(language=language, table=tomllib.loads(path.read_text(encoding="utf-8")))
