"""Careful looks into a parsed TOML document of which nothing is known yet."""

from collections.abc import Iterator

from daemon.config.lines import Path

Finding = tuple[Path, str]
"""Where in the document, and what is wrong there with what is allowed."""

Table = dict[str, object]


def table_of(holder: object, key: str) -> Table:
    """Return the table `key` of `holder`, empty when it is absent or something else."""
    value = holder.get(key) if isinstance(holder, dict) else None
    return value if isinstance(value, dict) else {}


def tables_of(document: Table, key: str) -> Iterator[tuple[str, Table]]:
    """Yield (name, table) of a table of tables, such as `accounts`."""
    for name, table in table_of(document, key).items():
        if isinstance(table, dict):
            yield name, table


def members_of(document: Table, key: str) -> Iterator[tuple[int, Table]]:
    """Yield (index, table) of an array of tables, such as `rules`."""
    value = document.get(key)
    for index, table in enumerate(value if isinstance(value, list) else ()):
        if isinstance(table, dict):
            yield index, table


def text_of(table: Table, key: str, default: str = "") -> str:
    """Return the text under `key`, the default when it is absent or something else."""
    value = table.get(key)
    return value if isinstance(value, str) else default


def texts_of(table: Table, key: str) -> tuple[tuple[Path, str], ...]:
    """Return (path inside the table, text) for one text or a list of texts."""
    value = table.get(key)
    if isinstance(value, str):
        return (((key,), value),)
    members = enumerate(value) if isinstance(value, list) else ()
    return tuple(((key, index), text) for index, text in members if isinstance(text, str))


def number_of(table: Table, key: str) -> float | None:
    """Return the number under `key`, None when it is absent or something else."""
    value = table.get(key)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
