"""The shipped `config/backdesk.toml` documents every key, and tells the truth about defaults."""

import re
from collections.abc import Iterator
from dataclasses import fields
from itertools import pairwise
from pathlib import Path
from types import UnionType
from typing import Union, get_args, get_origin

import pytest
from pydantic import BaseModel

from daemon import config
from daemon.config.rules import KINDS, Condition
from daemon.config.settings import COSTS, Document
from daemon.mail.limits import MailLimits
from daemon.records import LABELS, Automatic

SHIPPED = Path(__file__).parents[2] / "config" / "backdesk.toml"
TEXT = SHIPPED.read_text("utf-8")
EXAMPLE_TABLE = re.compile(r"^# Example: \[.*(?:\n#.*)*", re.MULTILINE)
"""A whole table that is only shown: its header and keys are examples together."""
EXAMPLES = re.findall(r"^# Example: .*", EXAMPLE_TABLE.sub("", TEXT), re.MULTILINE)
KEY_LINE = re.compile(r"(?P<mark>#|# Example: )?(?P<key>[a-z][a-z0-9_.]*) = \S")
HEADER = re.compile(r"(?:# Example: )?\[\[?([a-z.]+)\]?\]")


def plain(settings: config.Settings) -> dict[str, object]:
    """Return the settings as nested dictionaries, to be compared."""
    return settings.model_dump()


def documented() -> dict[str, str]:
    """Return key -> how it stands in the file ("", "#" or "# Example: "), by model path."""
    table, found = "", {}
    for line in TEXT.splitlines():
        header, key = HEADER.match(line), KEY_LINE.match(line)
        if header:
            table = re.sub(
                r"^(accounts|queues|relays|webhooks|people|calendars|hours|deadlines)\.\w+",
                r"\1",
                header[1],
            )
            table = re.sub(r"\.clocks\.\w+$", ".clocks", table)
        elif key:
            inner = "rules." if key["key"].startswith("when.") else f"{table}."
            found.setdefault(inner + column(key["key"]), key["mark"] or "")
    return found


def column(key: str) -> str:
    """Return the key; of a table with a row for each label the table."""
    return "costs" if key.startswith("costs.") else key


def keys_of(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Yield the path of every key that a person may write."""
    for name, field in model.model_fields.items():
        inner = next(iter(models_in(field.annotation)), None)
        if inner is not None:
            yield from keys_of(inner, f"{prefix}{name}.")
        elif not (name == "name" and prefix != "rules."):
            yield prefix + name


def models_in(annotation: object) -> Iterator[type[BaseModel]]:
    """Yield the models inside an annotation such as `dict[str, Account]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif get_origin(annotation) is not None or isinstance(annotation, UnionType | type(Union)):
        for part in get_args(annotation):
            yield from models_in(part)


def test_the_shipped_file_is_valid() -> None:
    """`init` writes this file, so it must load without a word."""
    settings = config.load(SHIPPED)
    assert settings.service.data_dir == SHIPPED.parent / "var"
    assert settings.digest.to == ("team@example.org",)


@pytest.mark.parametrize("key", sorted(set(keys_of(Document))))
def test_every_key_is_in_the_shipped_file(key: str) -> None:
    """A key that is not documented does not exist for the administrator."""
    assert key in documented()


def test_the_shipped_file_names_no_key_that_does_not_exist() -> None:
    """What is behind a `#` must work when the `#` is removed."""
    known = {*keys_of(Document), "rules.when"}
    assert set(documented()) - known == set()


def test_every_key_has_its_meaning_above() -> None:
    """The line above the first mention of a key is prose, or another key of the same sentence."""
    lines, seen = TEXT.splitlines(), set()
    for above, line in pairwise(lines):
        match = KEY_LINE.match(line)
        table = HEADER.match(line)
        if match and column(match["key"]) not in seen:
            seen.add(column(match["key"]))
            assert above.startswith("# "), line
            assert not KEY_LINE.match(above), line
        elif table and table[1] in {"accounts.info", "relays.main"}:
            seen.clear()


def test_uncommenting_the_defaults_changes_nothing() -> None:
    """What is shown as a default is the default."""
    shown = re.sub(r"^#(?=[a-z])", "", TEXT, flags=re.MULTILINE)
    assert shown.count("\n#") < TEXT.count("\n#") - 50
    assert plain(config.parse(shown, SHIPPED)) == plain(config.load(SHIPPED))


def test_what_is_not_commented_out_is_no_default() -> None:
    """Each live line matters: without it the file is wrong, or means something else."""
    whole = plain(config.load(SHIPPED))
    lines = TEXT.splitlines()
    for number, line in enumerate(lines):
        if not KEY_LINE.match(line) or line.startswith("#"):
            continue
        try:
            without = config.parse("\n".join(lines[:number] + lines[number + 1 :]), SHIPPED)
        except config.ConfigProblems:
            continue
        assert plain(without) != whole, line


@pytest.mark.parametrize(
    "example",
    sorted({line for line in EXAMPLES if "when." not in line}),
)
def test_each_example_of_a_table_can_be_used(example: str) -> None:
    """A person copies the example; it must be accepted where it stands."""
    line = example.removeprefix("# Example: ")
    text = EXAMPLE_TABLE.sub("", TEXT).replace(example, line)
    if line.startswith("token_file"):
        password = line.replace("token_file", "password_file").replace(".token", "")
        text = text.replace(password, 'auth = "xoauth2"').replace('#auth = "password"', "")
    if line.startswith("webhook"):
        text += used(next(one for one in EXAMPLE_TABLE.findall(TEXT) if "[webhooks" in one))
    settings = config.parse(text, SHIPPED)
    assert config.changes(config.load(SHIPPED), settings) != ()


def used(table: str) -> str:
    """Return a table that is only shown, as who copies it has it."""
    return re.sub(r"^# Example: ", "", table, flags=re.MULTILINE)


@pytest.mark.parametrize("table", EXAMPLE_TABLE.findall(TEXT), ids=lambda table: table[:40])
def test_each_table_that_is_only_shown_can_be_used(table: str) -> None:
    """All of its keys together, as they stand."""
    assert used(table).count("\n#") < table.count("\n#")
    settings = config.parse(TEXT.replace(table, used(table)), SHIPPED)
    assert config.changes(config.load(SHIPPED), settings) != ()


def test_the_examples_of_conditions_can_be_used_together() -> None:
    """All examples of `when` in one rule are accepted, and are all its keys."""
    examples = re.findall(r"^# Example: (when\..*)$", TEXT, flags=re.MULTILINE)
    rule = "\n".join(["[[rules]]", 'name = "all examples"', "stop = true", *examples])
    when = config.parse(f"{TEXT}\n{rule}\n", SHIPPED).rules[-1].when
    assert [key for key, value in when if value is None] == []
    assert len(examples) == len(Condition.model_fields)


def test_the_kinds_and_labels_are_those_of_the_records() -> None:
    """The configuration stands beside the records and may not import them; both say the same."""
    assert tuple(Automatic) == KINDS
    assert tuple(COSTS) == LABELS


@pytest.mark.parametrize("field", fields(MailLimits), ids=lambda field: field.name)
def test_the_limits_of_a_mail_are_those_of_the_parser(field) -> None:
    """A limit of the parser can be set, and its default is one and the same."""
    assert config.load(SHIPPED).limits.model_dump()[field.name] == field.default
