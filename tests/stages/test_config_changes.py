"""What a reload changed, key by key."""

from pathlib import Path

import pytest

from daemon import config

FILE = Path("/etc/backdesk/backdesk.toml")
TEXT = """
[service]
timezone = "Europe/Rome"
[accounts.info]
host = "imap.example.org"
username = "info@example.org"
[queues.a]
account = "info"
folder = "A"
[[rules]]
name = "first"
when = { label = "complaint" }
queue = "a"
[[rules]]
name = "second"
when = { automatic = true }
stop = true
"""
FIRST = TEXT[TEXT.index("[[rules]]") : TEXT.rindex("[[rules]]")]


@pytest.mark.parametrize(
    ("old", "new", "keys"),
    [
        ("", "", ()),
        ("Europe/Rome", "Europe/Warsaw", ("service.timezone",)),
        ("[queues.a]", "[limits]\ndepth = 5\n[queues.a]", ("limits.depth",)),
        ("[queues.a]", "[limits]\ndepth = 100\n[queues.a]", ()),
        ("[queues.a]", '[queues.b]\naccount = "info"\nfolder = "B"\n[queues.a]', ("queues.b",)),
        ("accounts.info", "accounts.desk",
         ("accounts.desk", "accounts.info", "queues.a.account")),
        ('label = "complaint"', 'label = "other"', ("rules.first.when.label",)),
        (FIRST, "", ("rules.first",)),
        ('"first"', '"other"', ("rules.first", "rules.other")),
    ],
)  # fmt: skip
def test_each_changed_key_is_named(old: str, new: str, keys: tuple[str, ...]) -> None:
    """Keys, not values: a log line may be read by anybody."""
    other = TEXT.replace(old, new) if old else TEXT
    if old == "accounts.info":
        other = other.replace('account = "info"', 'account = "desk"')
    assert config.changes(config.parse(TEXT, FILE), config.parse(other, FILE)) == keys


def test_the_order_of_rules_is_a_change() -> None:
    """The first that matches wins, so order is meaning."""
    other = TEXT.replace(FIRST, "") + FIRST
    assert config.changes(config.parse(TEXT, FILE), config.parse(other, FILE)) == ("rules",)


def test_another_file_with_the_same_content_changes_nothing() -> None:
    """A candidate for `simulate` lies elsewhere."""
    elsewhere = FILE.parent / "candidate.toml"
    assert config.changes(config.parse(TEXT, FILE), config.parse(TEXT, elsewhere)) == ()
